"""Updates: a signed archive is installed beside the running release, tried, and taken back if it does not work well."""
