"""The receiver behind a production WSGI server."""

from __future__ import annotations

import signal
import threading

from flask import Flask

from edge.errors import MaitredError
from edge.system.wsgi import WsgiServer

THREADS = 4


class Server(WsgiServer):
    """Listens as soon as it is constructed, and answers requests while :meth:`run` runs.

    Raises:
        MaitredError: the address cannot be listened on.
    """

    def __init__(self, app: Flask, host: str, port: int) -> None:
        try:
            super().__init__(
                app, host=host, port=port, threads=THREADS,
                max_request_body_size=int(app.config["MAX_CONTENT_LENGTH"]),
            )  # fmt: skip
        except OSError as error:
            raise MaitredError(f"cannot listen on {host} port {port}: {error.strerror}; set another --port") from error
        self.port = int(self._server.effective_port)
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}/events"
        """The address to which events are posted."""

    def run(self) -> None:
        """Answer requests until :meth:`stop`, SIGTERM or SIGINT."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _exit)
        super().run()


def _exit(number: int, frame: object) -> None:  # noqa: ARG001 (a signal handler is called with both)
    raise SystemExit(0)
