"""The Flask application: its routes and error pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from edge.census.shares.estimator import Shares
from edge.config import Settings
from edge.counting.heatmap import Heatmap
from edge.dashboard import api, charts, device_figures, formatting, page, parameters
from edge.dashboard.day import Day
from edge.dashboard.entrance_drawing import DRAWING_SIZES, entrance_drawing
from edge.dashboard.export import csv_lines
from edge.dashboard.localtime import today
from edge.dashboard.login import LoginGate, is_known
from edge.dashboard.metrics import CONTENT_TYPE, exposition
from edge.dashboard.parameters import BadParameter
from edge.dashboard.reader import Reader, Span
from edge.dashboard.security import guard
from edge.dashboard.status import Status
from edge.reports.likely_shares import LIKELY_WORDS, LatestShares, likely_shares_json
from edge.reports.stored_range import StoredRange
from edge.store import StoreError
from edge.system.machine import Disk

HISTORY_DAYS = 30
MAX_VISITS = 1000
LARGEST_FORM = 4096


def create_app(settings: Settings, database: Path | None = None, clock: Callable[[], float] = time.time) -> Flask:
    """The application that shows ``database`` (None: the path in the settings); ``clock`` returns unix seconds.

    Raises:
        BadInput: the file of the password or of the token cannot be used.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_FORM
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.json.sort_keys = False  # type: ignore[attr-defined] # of the default provider
    reader = Reader(database or settings.store.path, settings.site, settings.census, settings.entrance)
    routes = Routes(settings, reader, clock)
    for rule, view in routes.table.items():
        app.add_url_rule(rule, view.__name__, view)
    shared = {
        "site": settings.site,
        "privacy": page.privacy_note(settings.uplink, settings.mqtt, settings.sink),
        "tiles": device_figures.TILES,
        "directed": settings.entrance.drawn,
        "chart_sizes": {
            "hours": charts.HOURS,
            "pyramid": charts.PYRAMID,
            "days": charts.DAYS,
            "entrance": DRAWING_SIZES,
        },
    }
    app.context_processor(lambda: shared)
    app.jinja_env.globals["likely"] = LIKELY_WORDS  # a global, because macros see no other values
    app.template_filter("short_date")(formatting.short_date)
    app.template_filter("long_date")(formatting.long_date)
    app.template_filter("whole")(formatting.whole)
    app.template_filter("share")(formatting.share)
    app.register_error_handler(Exception, _failed)
    guard(app, settings.dashboard)
    LoginGate(settings.dashboard).install(app)
    return app


class Routes:
    """The answer to each address."""

    def __init__(self, settings: Settings, reader: Reader, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._reader = reader
        self._clock = clock
        self._latest = LatestShares(settings.demographics.model, settings.census)

    @property
    def table(self) -> dict[str, Callable[[], Any]]:
        """The view of each address."""
        return {
            "/": self.today, "/history": self.history, "/device": self.device,
            "/charts/hours.svg": self.hours_svg, "/charts/pyramid.svg": self.pyramid_svg,
            "/charts/days.svg": self.days_svg, "/charts/entrance.svg": self.entrance_svg,
            "/api/v1/today": self.api_today, "/api/v1/visits": self.api_visits,
            "/api/v1/history": self.api_history, "/api/v1/health": self.api_health,
            "/export.csv": self.export, "/healthz": self.healthz, "/metrics": self.metrics,
        }  # fmt: skip

    def today(self) -> str:
        """Today at a glance."""
        now = self._reader.now(self._clock())
        values = page.today_page(now, self._disk, self._settings, self._likely(now.day))
        return render_template("today.html", page=values)

    def history(self) -> str:
        """The last days, and one of them by hour."""
        latest = self._today
        chosen, stored = self._reader.whole_day(parameters.day(request.args, "day", latest, latest))
        counts = stored.counts(chosen.bands)
        days, census = min(HISTORY_DAYS, self._settings.store.keep_visits_days), self._settings.census
        span = self._reader.span(latest, days)
        of_day, of_span = self._likely(chosen, stored), self._likely_of_span(latest, span)
        return render_template(
            "history.html",
            day=chosen.summary,
            days=span.summaries[::-1],
            left=sum(counts.values()) if stored.windows else 0,
            of_day=page.likely_block(of_day, counts, census, over=chosen.date < latest) if counts else None,
            of_span=page.likely_block(of_span, span.counts, census) if span.counts and days > 1 else None,
            peak=formatting.hour(chosen.peak, chosen.zone),
            hours=page.hour_rows(chosen.by_hour),
            pyramid=page.pyramid_rows(chosen.pyramid),
            latest=latest,
            before=chosen.date - timedelta(days=1),
            after=chosen.date + timedelta(days=1),
            month_ago=latest - timedelta(days=HISTORY_DAYS - 1),
            keep_days=self._settings.store.keep_visits_days,
        )

    def device(self) -> str:
        """The device's health."""
        now = self._reader.now(self._clock())
        values = page.device_page(now, self._disk, sends=self._settings.sends)
        return render_template("device.html", page=values, details=device_figures.DETAILS, keep=self._settings.store)

    def hours_svg(self) -> Response:
        """Visits of a day by hour."""
        size = parameters.choice(request.args, "size", charts.SIZES)
        return _svg(charts.hours_chart(self._reader.day(self._day).by_hour, size))

    def pyramid_svg(self) -> Response:
        """Visits of a day by age band and gender."""
        size = parameters.choice(request.args, "size", charts.SIZES)
        return _svg(charts.pyramid_chart(self._reader.day(self._day).pyramid, size))

    def days_svg(self) -> Response:
        """Visits by day."""
        size = parameters.choice(request.args, "size", charts.SIZES)
        return _svg(charts.days_chart(self._reader.span(self._today, self._days).summaries, size))

    def entrance_svg(self) -> Response:
        """The frame with the line or zone, and with the places where faces appear and disappear."""
        size = parameters.choice(request.args, "size", charts.SIZES)
        return _svg(entrance_drawing(self._settings.entrance, self._reader.heatmap() or Heatmap(), size))

    def api_today(self) -> Response:
        """Today's counts, the agent's health, and the texts with which the page shows both."""
        now, disk = self._reader.now(self._clock()), self._disk
        likely = self._likely(now.day)
        values = page.today_page(now, disk, self._settings, likely)
        health = api.health(now, disk, sends=self._settings.sends)
        inside = None if now.occupancy is None else asdict(now.occupancy)
        day = {**api.day(now.day), "shares": likely_shares_json(likely)}
        return jsonify(at=now.at, day=day, occupancy=inside, health=health, page=values)

    def api_visits(self) -> Response:
        """The newest visits."""
        limit = parameters.integer(request.args, "limit", 50, 1, MAX_VISITS)
        return jsonify(visits=[api.visit(stored) for stored in self._reader.last_visits(limit)])

    def api_history(self) -> Response:
        """One summary per day."""
        return jsonify(days=[api.summary(day) for day in self._reader.span(self._today, self._days).summaries])

    def api_health(self) -> Response:
        """The agent's health, and the texts with which the page shows it."""
        now, disk = self._reader.now(self._clock()), self._disk
        values = page.device_page(now, disk, sends=self._settings.sends)
        return jsonify(**api.health(now, disk, sends=self._settings.sends), page=values)

    def export(self) -> Response:
        """Closed windows as CSV."""
        latest = self._today
        last = parameters.day(request.args, "to", latest, latest)
        month = max(last - timedelta(days=HISTORY_DAYS - 1), parameters.EARLIEST)
        first = parameters.day(request.args, "from", month, latest)
        if first > last:
            raise BadParameter("from", f"{first.isoformat()} lies after to={last.isoformat()}")
        name = f"maitred-{self._settings.site.name}-{first.isoformat()}-{last.isoformat()}.csv"
        windows = self._reader.windows(first, last)
        # Read the first window now: a damaged database then gives an error page, not a file that breaks off.
        first_window = list(islice(windows, 1))
        response = Response(csv_lines(chain(first_window, windows), self._settings.site.zone), mimetype="text/csv")
        response.call_on_close(windows.close)
        response.headers.set("Content-Disposition", "attachment", filename=name)
        return response

    def healthz(self) -> Response:
        """200 while the agent counts, else 503 with the reasons, which only clients that are logged in can see."""
        now = self._reader.now(self._clock())
        return api.verdict(_visible_reasons(Status(now.health, now.at).reasons))

    def metrics(self) -> Response:
        """Prometheus metrics."""
        return Response(exposition(self._reader.now(self._clock()), self._disk), content_type=CONTENT_TYPE)

    def _likely(self, day: Day, stored: StoredRange | None = None) -> Shares | None:
        """Likely shares of a day. ``stored`` is what is left of it; None if no visit of it can have been deleted."""
        version = f"{day.version}-{len(stored.windows)}" if stored and stored.windows else day.version
        return self._latest.of(day.date, version, lambda: stored or StoredRange([each.visit for each in day.visits]))

    def _likely_of_span(self, last: date, span: Span) -> Shares | None:
        days = len(span.summaries)
        return self._latest.of((last, days), span.version, lambda: StoredRange(self._reader.visits(last, days)))

    @property
    def _disk(self) -> Disk:
        return Disk.of(self._reader.path)

    @property
    def _today(self) -> date:
        return today(self._clock(), self._settings.site.zone)

    @property
    def _day(self) -> date:
        return parameters.day(request.args, "day", self._today, self._today)

    @property
    def _days(self) -> int:
        most = self._settings.store.keep_visits_days
        return parameters.integer(request.args, "days", min(HISTORY_DAYS, most), 1, most)


def _svg(document: bytes) -> Response:
    response = Response(document, mimetype="image/svg+xml")
    response.add_etag()
    response.make_conditional(request)
    return response


def _visible_reasons(reasons: list[str]) -> list[str]:
    return reasons if is_known() or not reasons else ["log in to see why"]


def _failed(error: Exception) -> Response | tuple[str, int] | tuple[Response, int]:
    if isinstance(error, BadParameter):
        status, title, message = 400, "This address has a mistake", str(error)
    elif isinstance(error, StoreError):
        status, title, message = 503, "The database cannot be read", str(error)
    elif isinstance(error, HTTPException) and error.code == 404:
        status, title, message = 404, "There is no such page", "Nothing is served at this address."
    elif isinstance(error, HTTPException):
        status, title, message = error.code or 500, error.name, error.description or ""
    else:
        raise error
    if request.path == "/healthz":
        return api.verdict(_visible_reasons([message]), status)
    if request.path.startswith("/api/"):
        name = {"parameter": error.name} if isinstance(error, BadParameter) else {}
        return jsonify(error=message, **name), status
    return render_template("error.html", status=status, title=title, message=message), status
