"""Shares of age bands and genders, corrected for the known mistakes of the model, with their intervals."""
