"""What every request must satisfy and every response carries."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Flask, Response, request

POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
# A chart is a document of its own and carries its style sheet; nothing else in it is wanted.
CHART_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def guard(app: Flask) -> None:
    """Refuse foreign hosts, and put the security headers on every response of ``app``."""
    app.before_request(_refuse_foreign_host)
    app.after_request(_add_headers)


def is_loopback(host: str) -> bool:
    """Whether ``host``, a name or an address, can only be reached from this device."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_foreign_host() -> Response | None:
    # Any web page could have its own name point here (DNS rebinding) and then read the dashboard as its own.
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        host = ""
    if is_loopback(host):
        return None
    return Response(
        "Open the dashboard as localhost or 127.0.0.1; it answers to no other name.\n", 400, mimetype="text/plain"
    )


def _add_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    chart = response.mimetype == "image/svg+xml" and request.path.startswith("/charts/")
    response.headers["Content-Security-Policy"] = CHART_POLICY if chart else POLICY
    if not (chart or request.path.startswith("/static/")):
        response.headers["Cache-Control"] = "no-store"
    elif chart:
        response.headers["Cache-Control"] = "private, no-cache"
    return response
