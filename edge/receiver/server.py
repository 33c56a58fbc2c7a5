"""The receiver behind a production WSGI server."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from flask import Flask
from waitress import create_server

from edge.errors import MaitredError

THREADS = 4


class Server:
    """Listens from its construction on, and answers while :meth:`run` runs.

    Raises:
        MaitredError: the address cannot be listened on.
    """

    def __init__(self, app: Flask, host: str, port: int) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._sockets: dict[int, Any] = {}
        try:
            self._server = create_server(
                app, map=self._sockets, host=host, port=port, threads=THREADS, ident=None,
                max_request_body_size=int(app.config["MAX_CONTENT_LENGTH"]),
            )  # fmt: skip
        except OSError as error:
            raise MaitredError(f"cannot listen on {host} port {port}: {error.strerror}; set another --port") from error
        self.port = int(self._server.effective_port)
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}/events"
        """Where events are to be posted."""

    def run(self) -> None:
        """Answer requests until :meth:`stop`, SIGTERM or SIGINT."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _exit)
        try:
            self._server.run()
        finally:
            self._close()

    def stop(self) -> None:
        """Let :meth:`run` return, from any thread."""
        if self._sockets:
            self._server.trigger.pull_trigger(self._close)

    def _close(self) -> None:
        if self._sockets:
            self._server.task_dispatcher.shutdown()
        for each in list(self._sockets.values()):
            each.close()


def _exit(number: int, frame: object) -> None:  # noqa: ARG001 (a signal handler is called with both)
    raise SystemExit(0)
