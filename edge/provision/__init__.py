"""Sets a device up from ``maitred.toml`` on its boot partition, at every boot."""
