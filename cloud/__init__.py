"""What runs at the other end of the line, on a server: an extra, installed on no device."""
