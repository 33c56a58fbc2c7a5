"""The dashboard: local web pages that show the counts. It reads the store; it has no camera and no upload secret."""

from edge.dashboard.app import create_app
from edge.dashboard.server import Server, serve

__all__ = ["Server", "create_app", "serve"]
