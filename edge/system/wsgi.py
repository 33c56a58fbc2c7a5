"""A production WSGI server that can be stopped cleanly; the dashboard and the receiver use it."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask


class WsgiServer:
    """Listens as soon as it is constructed, and answers requests while :meth:`run` runs.

    Raises (when it is constructed):
        OSError: the address cannot be listened on.
    """

    def __init__(self, app: Flask, **options: Any) -> None:
        """``options`` are those of :func:`waitress.create_server`."""
        # Imported here, so that `import edge.dashboard` does not load the server for those who need only data classes.
        from waitress import create_server

        # A page asks for all of its charts and styles at once, so it is normal that a request waits for a thread.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._sockets: dict[int, Any] = {}
        self._server = create_server(app, map=self._sockets, ident=None, **options)

    def run(self) -> None:
        """Answer requests until :meth:`stop`, or until a signal handler raises SystemExit or KeyboardInterrupt."""
        try:
            self._server.run()
        finally:
            self._close()

    def stop(self) -> None:
        """Make :meth:`run` return, from any thread. A request that is being answered is finished first."""
        if self._sockets:
            self._server.trigger.pull_trigger(self._close)

    def _close(self) -> None:
        if self._sockets:
            self._server.task_dispatcher.shutdown()
        for each in list(self._sockets.values()):
            each.close()
