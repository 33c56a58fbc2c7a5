"""The foundation: files that survive a power cut, addresses, clock, machine, systemd, plug-ins, the web server."""
