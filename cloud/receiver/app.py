"""The receiver's HTTP interface: POST /events and GET /healthz."""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from cloud.receiver.archive import Archive, Unavailable
from cloud.receiver.request import MOST_BYTES, RequestCheck, RequestRefused

log = logging.getLogger(__name__)
RETRY_AFTER_S = 10


def create_app(gate: RequestCheck, archive: Archive) -> Flask:
    """The WSGI application."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES

    @app.post("/events")
    def receive() -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        events = gate.events(headers, request.get_data())
        new = archive.store(events)
        for event in events[:1]:
            more = f" and {len(events) - 1} more" if len(events) > 1 else ""
            log.info("%s: %s until %s%s, %d new", event.source, event.id, event.time, more, new)
        return Response(status=204)

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok", events=archive.count())

    @app.errorhandler(RequestRefused)
    def refused(error: RequestRefused) -> tuple[Response, int]:
        log.warning("refused with %d: %s", error.status, error)
        return jsonify(error=str(error)), error.status

    @app.errorhandler(Unavailable)
    def unavailable(error: Unavailable) -> tuple[Response, int, dict[str, str]]:
        log.error("%s", error)
        return jsonify(error="the database is not available"), 503, {"Retry-After": str(RETRY_AFTER_S)}

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> tuple[Response, int]:
        code = error.code or 500
        return jsonify(error=f"{error.name}; send events with POST /events"), code

    return app
