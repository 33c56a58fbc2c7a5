"""The agent: the loop that counts, writes visits and windows, leaves frames out under load, and examines itself."""
