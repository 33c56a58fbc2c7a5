"""Updates: a signed bundle is installed beside the running release, tried, and taken back if it does no good."""
