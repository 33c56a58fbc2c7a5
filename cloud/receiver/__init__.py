"""A small endpoint for the census, to try things out and to hold other implementations against."""
