"""Reports and likely shares of a range of time, made from the local database for people and programs."""
