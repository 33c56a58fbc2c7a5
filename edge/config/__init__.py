"""The configuration: one module per section; read from TOML and checked before anything starts."""

from edge.config.settings import Settings, load_settings, parse_settings

__all__ = ["Settings", "load_settings", "parse_settings"]
