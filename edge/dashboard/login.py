"""Logging in. If there is no password, anybody may open the dashboard, but it can be reached from this device only."""

from __future__ import annotations

import hmac
import logging
import math
import threading
from pathlib import Path

from flask import Flask, Response, g, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from edge.config.dashboard import Dashboard
from edge.dashboard.login_throttle import LoginThrottle
from edge.dashboard.password import Password
from edge.dashboard.sessions import Sessions
from edge.errors import BadInput
from edge.system.private_file import read_private

log = logging.getLogger(__name__)
OPEN = ("/login", "/healthz")
PAGES = ("/", "/history", "/device")
SHORTEST_TOKEN = 32


def is_known() -> bool:
    """Whether this request comes from somebody who may see everything."""
    return bool(g.get("known", False))


class LoginGate:
    """Lets in people who have a session, which needs the password, and programs that send the token.

    Raises:
        BadInput: the file of the password or of the token cannot be used.
    """

    def __init__(self, settings: Dashboard) -> None:
        self._password = Password(settings.password_file) if settings.password_file else None
        self._token = read_token(settings.token_file) if settings.token_file else None
        self._secure = settings.https
        # With this prefix browsers refuse a cookie that came over plain HTTP or from a neighbouring host name.
        self._cookie = "__Host-maitred" if settings.https else "maitred"
        self._sessions = Sessions(settings.session_hours)
        self._throttle = LoginThrottle()
        self._hashing = threading.Lock()

    @property
    def locked(self) -> bool:
        """Whether there is a password."""
        return self._password is not None

    def install(self, app: Flask) -> None:
        """Check every request of ``app``, and answer /login and /logout."""
        app.before_request(self._ask)
        app.context_processor(lambda: {"may_log_out": self.locked and is_known()})
        if self.locked:
            app.add_url_rule("/login", "login", self.login, methods=["GET", "POST"])
            app.add_url_rule("/logout", "logout", self.logout, methods=["POST"])

    def login(self) -> AnyResponse:
        """Show the form, or check the password that it sends."""
        next_page = request.values.get("next", "/")
        next_page = next_page if next_page in PAGES else "/"  # never an address of another site
        if request.method != "POST":
            return redirect(next_page, 303) if is_known() else _form(next_page)
        address = request.remote_addr or ""
        seconds = self._throttle.wait_s(address)
        # One check at a time, because each needs 32 MB.
        if seconds or not self._hashing.acquire(timeout=5):
            log.warning("dashboard: too many log-ins, refused one from %s", address)
            return _form(next_page, 429, "Too many attempts.", seconds or 1.0)
        try:
            right = self._password is not None and self._password.matches(request.form.get("password", ""))
        finally:
            self._hashing.release()
        if not right:
            log.warning("dashboard: wrong password from %s", address)
            return _form(next_page, 401, "That is not the password.")
        log.info("dashboard: %s logged in", address)
        self._throttle.forgive(address)
        self._sessions.end(request.cookies.get(self._cookie, ""))
        answer = redirect(next_page, 303)
        answer.set_cookie(
            self._cookie, self._sessions.begin(), max_age=self._sessions.seconds,
            path="/", secure=self._secure, httponly=True, samesite="Strict",
        )  # fmt: skip
        return answer

    def logout(self) -> AnyResponse:
        """End the session."""
        self._sessions.end(request.cookies.get(self._cookie, ""))
        answer = redirect("/login", 303)
        answer.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="Strict")
        return answer

    def _ask(self) -> AnyResponse | None:
        g.known = not self.locked or self._has_session() or self._has_token()
        if g.known or request.path in OPEN or request.path.startswith("/static/"):
            return None
        if request.path in PAGES:
            return redirect(f"/login?next={request.path}", 303)
        if request.path.startswith("/api/"):
            answer = jsonify(error="log in at /login, or send the token: Authorization: Bearer …")
        else:
            answer = Response("Log in at /login, or send the token.\n", mimetype="text/plain")
        answer.status_code = 401
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    def _has_session(self) -> bool:
        return self._sessions.holds(request.cookies.get(self._cookie, ""))

    def _has_token(self) -> bool:
        credentials = request.authorization
        if self._token is None or credentials is None or credentials.type != "bearer" or not credentials.token:
            return False
        return hmac.compare_digest(credentials.token.encode("utf-8", "replace"), self._token)


def read_token(path: Path) -> bytes:
    """The token in ``path``: one line of at least SHORTEST_TOKEN printable ASCII characters.

    Raises:
        BadInput: the file cannot be used.
    """
    token = read_private(path, "the dashboard's token", group=True).strip()
    if not (len(token) >= SHORTEST_TOKEN and token.isascii() and token.decode("ascii").isprintable()):
        raise BadInput(f"{path}: not a token of at least {SHORTEST_TOKEN} characters; openssl rand -hex 32 makes one")
    return token


def _form(next_page: str, status: int = 200, problem: str = "", wait_s: float = 0.0) -> Response:
    minutes = math.ceil(wait_s / 60)
    message = f"{problem} Try again in {minutes} minute{'' if minutes == 1 else 's'}." if wait_s else problem
    answer = Response(render_template("login.html", next_page=next_page, problem=message), status)
    if wait_s:
        answer.headers["Retry-After"] = str(math.ceil(wait_s))
    return answer
