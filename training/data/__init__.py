"""Labelled faces: read from disk, split by content, changed as a door camera changes them, packed into batches."""
