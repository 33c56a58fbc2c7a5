"""What the rest stands on: files that survive a power cut, addresses, clock, machine, systemd, the web server."""
