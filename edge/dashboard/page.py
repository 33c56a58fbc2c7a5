"""The texts of a live page. They are written into the page at first, and then sent to it as JSON every two seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from edge.census.age_bands import AgeBands
from edge.census.occupancy import Occupancy
from edge.census.shares.estimator import Shares
from edge.census.suppression import possible_cells
from edge.census.window import UNKNOWN, Cell
from edge.config import Settings
from edge.config.census import Census
from edge.config.mqtt import Mqtt
from edge.config.sink import Sink
from edge.config.uplink import Uplink
from edge.counting.heatmap import Heatmap
from edge.dashboard import formatting
from edge.dashboard.day import BandCount, Day, Hour, Summary
from edge.dashboard.device_figures import CAMERA_LEVELS, figures, missed_visits_warning
from edge.dashboard.localtime import Zone
from edge.dashboard.reader import Now
from edge.dashboard.status import Status
from edge.reports.likely_shares import likely_rows, why_no_shares
from edge.store import DatabaseRepair, Health, StoredVisit
from edge.system.machine import Disk
from edge.system.redaction import redact

LAST_VISITS = 8
Rows = list[list[str]]
CAMERA_WORDS = {
    "running": "Counting",
    "opening": "Camera opening",
    "failed": "Camera failed",
    "ended": "Recording over",
}


@dataclass
class Page:
    """Values by key.

    Attributes:
        text: texts.
        rows: rows of tables.
        show: whether a part of the page is visible.
        width: widths of bars, 0..100; the bar of women lies over that of men.
        level: "ok", "warn", "bad" or "".
        charts: a text that changes whenever the charts change.
    """

    text: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Rows] = field(default_factory=dict)
    show: dict[str, bool] = field(default_factory=dict)
    width: dict[str, float] = field(default_factory=dict)
    level: dict[str, str] = field(default_factory=dict)
    charts: str = ""


def today_page(now: Now, disk: Disk, settings: Settings, likely: Shares | None = None) -> Page:
    """The values of ``/``; ``likely`` are the day's corrected shares, None if there are none."""
    page = device_page(now, disk, sends=settings.sends)
    day, summary = now.day, now.day.summary
    live = Status(now.health, now.at).live
    seen = live.people_in_view if live and live.camera == "running" else None
    female = summary.female_share
    page.charts = day.version  # the charts of this page show nothing else
    page.text |= {
        "date": formatting.long_date(day.date),
        "people": formatting.whole(seen),
        "people-note": "person in view" if seen == 1 else "people in view",
        "patrons": f"{summary.visits:,}",
        "age": formatting.whole(summary.mean_age),
        "age-note": f"on average, over {formatting.counted(len(day.ages), 'visit', 'visits')}"
        if day.ages
        else "no visits yet",
        "women": formatting.share(female),
        "men": formatting.share(None if female is None else 1 - round(female, 2)),
        "gender-note": _gender_note(summary),
        "peak": formatting.hour(summary.peak, day.zone),
        "peak-note": formatting.counted(summary.peak.visits, "visit", "visits") if summary.peak else "no visits yet",
        "direction": f"{day.entries:,} came in, {day.exits:,} went out",
        "excluded": f"{formatting.counted(day.excluded, 'visit', 'visits')} of staff not counted",
        "inside": formatting.DASH if now.occupancy is None else formatting.whole(now.occupancy.inside),
        "inside-note": _inside_note(now.occupancy, day),
        "announcement": f"{formatting.counted(summary.visits, 'visit', 'visits')} so far today",
    }
    page.width |= {"women": 100 * (female or 0.0), "men": 0.0 if female is None else 100.0}
    page.show |= {"day": summary.visits > 0, "empty": summary.visits == 0, "direction": bool(day.entries + day.exits)}
    page.show |= {"inside": now.occupancy is not None, "excluded": day.excluded > 0}
    page.rows |= {
        "visits": visit_rows(day.visits[: -LAST_VISITS - 1 : -1], day, directed=settings.entrance.drawn),
        "hours": hour_rows(day.by_hour),
        "pyramid": pyramid_rows(day.pyramid),
    }
    block = likely_block(likely, day.counts, settings.census)
    page.text |= block.text
    page.rows |= block.rows
    page.show |= block.show
    return page


def device_page(now: Now, disk: Disk, *, sends: bool) -> Page:
    """The values of ``/device``, and those of the banners and the device's figures on ``/``."""
    page = Page()
    _add_state(page, now)
    text, level = figures(now, disk, sends=sends)
    page.text |= text
    page.level |= level
    placement, heatmap = now.placement, now.heatmap
    page.text |= {
        "entrance": formatting.sentence(placement.found),
        "entrance-way-out": formatting.sentence(placement.way_out),
        "sights": _heatmap_note(heatmap),
    }
    page.level["entrance"] = "warn" if placement.verdict == "warning" else ""
    page.show["entrance-way-out"] = bool(placement.way_out)
    page.charts = f"{now.day.version}-{heatmap.visits if heatmap else 0}"
    return page


def _heatmap_note(heatmap: Heatmap | None) -> str:
    if heatmap is None or not heatmap.visits:
        return "Nothing to draw yet: visits appear in the drawing after some minutes."
    return f"{formatting.counted(heatmap.visits, 'visit', 'visits')} since the agent started; larger circles are more."


def visit_rows(visits: Sequence[StoredVisit], day: Day, *, directed: bool) -> Rows:
    """Time, apparent age with interval, gender, direction if ``directed``, and dwell time of each visit."""
    return [
        [
            formatting.clock(stored.visit.ended_at, day.zone), formatting.age(stored.visit),
            stored.visit.gender or formatting.DASH, *([stored.visit.direction or formatting.DASH] if directed else ()),
            formatting.duration(stored.visit.dwell_s),
        ]
        for stored in visits
    ]  # fmt: skip


def hour_rows(hours: Sequence[Hour]) -> Rows:
    """Hour and number of visits, from the first to the last hour with a visit."""
    busy = [index for index, hour in enumerate(hours) if hour.visits]
    return [[hour.label, str(hour.visits)] for hour in hours[busy[0] : busy[-1] + 1]] if busy else []


def pyramid_rows(bands: Sequence[BandCount]) -> Rows:
    """Age band, women, men, visits without a gender, all visits."""
    return [
        [
            "no age" if row.band == UNKNOWN else row.band,
            *(str(count) for count in (row.female, row.male, row.unknown, row.total)),
        ]
        for row in bands
    ]


def likely_block(likely: Shares | None, counts: Mapping[Cell, int], census: Census, *, over: bool = False) -> Page:
    """The values of a block of corrected shares of ``counts``; ``over`` says that no more visits will come."""
    possible = possible_cells(AgeBands(census.bands), census.no_gender_below)
    return Page(
        text={"too-few": why_no_shares(counts, possible, over=over) if likely is None else ""},
        rows={"likely": [] if likely is None else likely_rows(likely, counts)},
        show={"likely": likely is not None, "too-few": likely is None},
    )


def privacy_note(uplink: Uplink, mqtt: Mqtt, sink: Sink) -> str:
    """What leaves the device, in a sentence."""
    receivers = [name for name in (urlsplit(uplink.url).hostname, mqtt.host, sink.plugin) if name]
    if not receivers:
        return "No endpoint configured: nothing leaves this device."
    return (
        f"Counts by window, age band and gender are sent to {' and '.join(receivers)}; "
        "no image and no single visit leaves this device."
    )


def _inside_note(inside: Occupancy | None, day: Day) -> str:
    if inside is None:
        return ""
    since = f"since {formatting.clock(inside.since, day.zone)}"
    if inside.inside is None:
        return f"not known: {inside.entries:,} came in {since}, and nobody was seen leaving"
    return f"people who came in, less those who went out, {since}"


def _gender_note(summary: Summary) -> str:
    if summary.gendered:
        return f"of {formatting.counted(summary.gendered, 'visit', 'visits')} with a gender estimate"
    return "no gender estimates yet" if summary.visits else "no visits yet"


def _add_state(page: Page, now: Now) -> None:
    status = Status(now.health, now.at)
    health, live = status.health, status.live
    page.text["state"] = CAMERA_WORDS.get(live.camera, live.camera) if live else "Agent not running"
    page.level["state"] = CAMERA_LEVELS.get(live.camera, "warn") if live else "bad"
    failed = live is not None and live.camera == "failed"
    page.show |= {
        "never": health is None,
        "stale": health is not None and live is None,
        "camera-failed": failed,
        "clock-unset": live is not None and live.clock == "unsynchronised",
        "uplink-stopped": live is not None and live.uplink == "stopped",
        "store-failed": live is not None and live.store_error is not None,
        "misses": live is not None and bool(missed_visits_warning(live)),
        "mended": now.mended is not None and now.mended.is_recent(now.at),
        "dead-letters": bool(now.dead_letters),
    }
    zone = now.day.zone
    page.text["mended"] = "" if now.mended is None else _mended(now.mended, now.at, zone)
    page.text["store-failed"] = "" if live is None else _store_failed(live)
    page.rows["dead-letters"] = [
        [formatting.moment(letter.rejected_at, now.at, zone), letter.id, redact(letter.reason)]
        for letter in now.dead_letters
    ]
    page.text["stale"] = "" if health is None else formatting.moment(health.at, now.at, now.day.zone)
    page.text["misses"] = "" if live is None else missed_visits_warning(live)
    page.text["camera-failed"] = redact(live.camera_error or "no reason given") if live and failed else ""


def _mended(mended: DatabaseRepair, at: float, zone: Zone) -> str:
    saved = f"{mended.saved['visits']:,} visits and {mended.saved['windows']:,} windows were saved"
    rest = "nothing was lost" if mended.whole else "the rest could not be read"
    return f"{formatting.moment(mended.at, at, zone)}: {saved}, {rest}. The damaged file is kept as {mended.file}"


def _store_failed(live: Health) -> str:
    return f"{live.store_error}; {formatting.counted(live.visits_waiting, 'visit waits', 'visits wait')} in memory"
