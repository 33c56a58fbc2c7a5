"""The dashboard on a production WSGI server. It listens on loopback, or is protected by a password."""

from __future__ import annotations

import errno
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.config import Settings
from edge.config.dashboard import Dashboard
from edge.dashboard.app import create_app
from edge.dashboard.security import is_loopback
from edge.errors import BadInput, MaitredError
from edge.system.wsgi import WsgiServer

THREADS = 4
"""Few are enough, because each request takes only milliseconds; and each thread costs memory."""
IDLE_S = 30
"""Seconds after which an idle connection is closed, so that a hundred of them cannot keep others out for long."""

BEHIND_TLS: dict[str, Any] = {
    "trusted_proxy": "127.0.0.1",
    "trusted_proxy_count": 1,
    "trusted_proxy_headers": {"x-forwarded-for"},
    "clear_untrusted_proxy_headers": True,
}
"""The TLS server in front, on this device, is trusted to name the address of the browser."""


class Server(WsgiServer):
    """A dashboard that listens as soon as it is constructed, and answers requests while :meth:`run` runs.

    Raises:
        BadInput: [dashboard] host is not a loopback address and there is no password, or its file cannot be used.
        MaitredError: the port is taken or not allowed.
    """

    def __init__(self, settings: Settings, database: Path | None = None) -> None:
        app = create_app(settings, database)
        listening = _listen(settings.dashboard)
        host, self.port = listening.getsockname()[:2]
        self.url = f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"
        """The address of the first page."""
        super().__init__(
            app,
            sockets=[listening],
            threads=THREADS,
            max_request_body_size=65536,
            max_request_header_size=16384,
            channel_timeout=IDLE_S,
            cleanup_interval=IDLE_S // 3,
            **(BEHIND_TLS if settings.dashboard.https else {}),
        )


def serve(settings: Settings, ready: Callable[[str], None] | None = None, database: Path | None = None) -> None:
    """Serve the dashboard until SIGTERM or SIGINT; ``ready`` is called with its address once it listens.

    Raises:
        BadInput, MaitredError: in the same cases as :class:`Server`.
    """
    server = Server(settings, database)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _exit)
    if ready is not None:
        ready(server.url)
    server.run()


def _exit(number: int, frame: object) -> None:  # noqa: ARG001 (a signal handler is called with both)
    raise SystemExit(0)


def _listen(settings: Dashboard) -> socket.socket:
    host, port = settings.host, settings.port
    if not is_loopback(host) and settings.password_file is None:
        raise BadInput(
            f"[dashboard] host {host}: without a password the dashboard listens on loopback only. Set [dashboard] "
            "password_file and run maitred dashboard --config FILE --set-password; or use 127.0.0.1, and from another "
            f"machine an SSH tunnel: ssh -L 8000:127.0.0.1:{port or 8000} DEVICE"
        )
    if not is_loopback(host) and settings.https:
        raise BadInput(f"[dashboard] host {host}: with https, the TLS server must be on this device; use 127.0.0.1")
    address = "127.0.0.1" if host == "localhost" else host
    listening = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen()
    except UnicodeError as error:  # a name with empty or overlong parts
        listening.close()
        raise BadInput(f"[dashboard] host {host}: not a host name") from error
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise MaitredError(
                f"port {port} on {address} is taken by another program; is a dashboard running already? "
                "Stop it, or set another [dashboard] port (0 picks a free one)"
            ) from error
        raise MaitredError(
            f"cannot listen on {address} port {port}: {error.strerror}; set another [dashboard] port"
        ) from error
    return listening
