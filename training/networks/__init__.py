"""The networks, one a file, what they start from, and the files that hold them."""
