"""Setting a device up from ``maitred.toml`` on its boot partition, at every boot."""

from edge.provision.run import Report, provision

__all__ = ["Report", "provision"]
