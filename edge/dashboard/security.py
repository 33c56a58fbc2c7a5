"""Checks of every request, and security headers of every response."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from flask import Flask, Response, request

from edge.config.dashboard import Dashboard

POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
# A chart is a separate document that contains its style sheet; it needs nothing else.
CHART_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # "no-referrer" would not do: with it browsers send "Origin: null" with our own forms, too.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def guard(app: Flask, settings: Dashboard) -> None:
    """Refuse requests for other host names and forms from other sites; add security headers to every response."""
    names = _names(settings)

    def refuse_foreign() -> Response | None:
        return _refuse_foreign_host(names) or _refuse_foreign_form(settings.https)

    def add_headers(response: Response) -> Response:
        if settings.https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return _add_headers(response)

    app.before_request(refuse_foreign)
    app.after_request(add_headers)


def is_loopback(host: str) -> bool:
    """Whether ``host``, a name or an address, can only be reached from this device."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _names(settings: Dashboard) -> frozenset[str] | None:
    """Host names that are accepted in addition to addresses; None if only loopback is accepted."""
    if settings.password_file is None:
        return None
    own = socket.gethostname().partition(".")[0].lower()
    return frozenset({own, f"{own}.local", *(name.lower() for name in settings.names)})


def _refuse_foreign_host(names: frozenset[str] | None) -> Response | None:
    # A web page from elsewhere could let its own host name point to this device (DNS rebinding), and would then be
    # allowed to read the dashboard. It cannot do so with an address.
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        host = ""
    if is_loopback(host) or (names is not None and (host in names or _is_address(host))):
        return None
    way_out = "Open the dashboard as localhost or 127.0.0.1; it answers to no other name."
    if names is not None:
        way_out = "Open the dashboard by its address; [dashboard] names holds the names that it answers to."
    return Response(f"{way_out}\n", 400, mimetype="text/plain")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _refuse_foreign_form(https: bool) -> Response | None:
    # With each POST browsers say from which site it comes. SameSite=Strict protects the cookie in the same way.
    if request.method in ("GET", "HEAD", "OPTIONS") or request.routing_exception:
        return None
    own = f"{'https' if https else 'http'}://{request.host}"
    if request.headers.get("Origin") == own and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin":
        return None
    return Response(
        f"This form is sent from the dashboard's own page only, with Origin: {own}\n", 403, mimetype="text/plain"
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
