"""``maitred report``: reports the counts of the local database."""

from __future__ import annotations

import argparse
import sys
from datetime import date, datetime, timedelta

from edge.commands import Commands, add_config, command, settings_of

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
"""First and last day of a report. The ends of Python's calendar cannot be reached in every time zone."""


def add(commands: Commands) -> None:
    """Add the subcommand."""
    parser = command(commands, "report", run, "report counts from the local database")
    parser.add_argument(
        "--from", dest="first", type=_day, metavar="YYYY-MM-DD", help="first day (6 days before the last)"
    )
    parser.add_argument("--to", dest="last", type=_day, metavar="YYYY-MM-DD", help="last day, included (today)")
    parser.add_argument("--by", choices=("hour", "day", "week"), default="day", help="period of a row (day)")
    parser.add_argument("--format", choices=("csv", "json", "html"), help="output format (csv)")
    parser.add_argument("--json", action="store_true", help="print one JSON document; the same as --format json")
    add_config(parser)


def run(options: argparse.Namespace) -> int:
    """Print the report; returns the exit code."""
    from edge.census.periods import midnight
    from edge.census.shares.estimator import ShareEstimator
    from edge.errors import BadInput
    from edge.reports.render import to_csv, to_html, to_json
    from edge.reports.report import report
    from edge.store import Store
    from edge.vision.bundle import load_bundle

    if options.json and options.format not in (None, "json"):
        raise BadInput(f"--json contradicts --format {options.format}; give one of them")
    settings = settings_of(options)
    last = options.last or datetime.now(settings.site.zone).date()
    first = options.first or last - timedelta(days=6)
    if first > last:
        raise BadInput(f"--from {first} is after --to {last}")
    with Store.open(settings.store.path, read_only=True) as store:
        zone = settings.site.zone
        start, end = midnight(first, zone), midnight(last + timedelta(days=1), zone)
        form = "json" if options.json else options.format or "csv"
        render = {"csv": to_csv, "json": to_json, "html": to_html}[form]
        estimator = ShareEstimator.of(load_bundle(settings.demographics.model).card, settings.census)
        counts = report(store, start, end, options.by, settings, estimator, each=form != "html")
        sys.stdout.write(render(counts))
    return 0


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-11-23") from error
    if not EARLIEST <= day <= LATEST:
        raise argparse.ArgumentTypeError(f"{text}: not a day between {EARLIEST} and {LATEST}")
    return day
