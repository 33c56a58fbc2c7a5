"""Shares corrected for the mistakes that the model is known to make, with the range that holds the truth."""
