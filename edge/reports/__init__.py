"""What the local database says of a range of time, for people and programs: reports and likely shares."""
