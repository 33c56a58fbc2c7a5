"""The output of commands: JSON documents, progress, visits and census in words."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from edge.census.age_bands import AgeBands
from edge.census.shares.estimator import ALL, MIN_VISITS, ShareEstimator, Shares
from edge.census.window import CELL_GENDERS, Cell, tally
from edge.config.settings import Settings
from edge.counting.recording import RecordingCount
from edge.counting.visit import Visit
from edge.reports.likely_shares import in_words, likely_shares, likely_shares_json
from edge.reports.stored_range import StoredRange
from edge.vision.bundle import load_bundle
from edge.vision.description import describe

PROGRESS_S = 0.5


def print_json(document: object) -> None:
    """Write one JSON document to stdout."""
    sys.stdout.write(json.dumps(document, indent=1, allow_nan=False) + "\n")


def progress(unit: str) -> Callable[[int, float], None]:
    """A callback that updates a line of progress on stderr if that is a terminal, and else does nothing."""
    last_update_s = time.monotonic()

    def report_step(count: int, seconds: float) -> None:
        nonlocal last_update_s
        if sys.stderr.isatty() and time.monotonic() - last_update_s >= PROGRESS_S:
            last_update_s = time.monotonic()
            sys.stderr.write(f"\r{count} {unit}, {seconds:.0f} s of the recording ")
            sys.stderr.flush()

    return report_step


def shares_of(visits: Sequence[Visit], settings: Settings) -> Shares | None:
    """Corrected shares of ``visits``; None if there are too few visits, or if the model's errors are not known."""
    card = load_bundle(settings.demographics.model).card
    return likely_shares(StoredRange(visits), ShareEstimator.of(card, settings.census), AgeBands(settings.census.bands))


def recording_json(counted: RecordingCount, settings: Settings) -> dict[str, Any]:
    """The JSON form of a counted recording."""
    shares = likely_shares_json(shares_of(counted.visits, settings))
    return {
        "frames": counted.frames,
        "seconds": round(counted.seconds, 3),
        "visits": [visit_json(number, visit) for number, visit in enumerate(counted.visits, start=1)],
        "census": census_json(counted.visits, settings) | {"excluded": counted.excluded, "shares": shares},
    }


def visit_json(number: int, visit: Visit) -> dict[str, Any]:
    """The JSON form of a visit of a recording."""
    return {
        "id": number,
        "started_s": round(visit.started_at, 3),
        "ended_s": round(visit.ended_at, 3),
        "dwell_s": round(visit.dwell_s, 3),
        "direction": visit.direction,
        "zone_s": None if visit.zone_s is None else round(visit.zone_s, 3),
        "age": _short(visit.age),
        "age_interval": None if visit.age_interval is None else [_short(age) for age in visit.age_interval],
        "gender": visit.gender,
        "female_probability": None if visit.female_probability is None else round(visit.female_probability, 4),
        "observations": visit.observations,
    }


def census_json(visits: Iterable[Visit], settings: Settings) -> dict[str, Any]:
    """Counts by age band and gender, entries and exits, mean age (years) and share of women (0..1)."""
    visits = list(visits)
    bands = AgeBands(settings.census.bands)
    window = tally(0, 0, visits, bands)
    ages = [visit.age for visit in visits if visit.age is not None]
    genders = [visit.gender for visit in visits if visit.gender is not None]
    return {
        "visits": window.visits,
        "entries": window.entries,
        "exits": window.exits,
        "mean_age": _short(sum(ages) / len(ages)) if ages else None,
        "female_share": round(genders.count("female") / len(genders), 4) if genders else None,
        "counts": counts_json(window.counts, bands),
    }


def counts_json(counts: dict[Cell, int], bands: AgeBands) -> dict[str, dict[str, int]]:
    """``{"0-12": {"female": 0, "male": 0, "unknown": 2}, …}``; every band is present."""
    labels = [*bands.labels, *sorted({band for band, _ in counts} - set(bands.labels))]
    return {band: {gender: counts.get((band, gender), 0) for gender in CELL_GENDERS} for band in labels}


def census_text(counted: RecordingCount, settings: Settings) -> str:
    """A recording's visits and census for people to read."""
    lines = [f"{len(counted.visits)} visits in {counted.frames} frames ({counted.seconds:.1f} s)", ""]
    for number, visit in enumerate(counted.visits, start=1):
        lines.append(f"{number:3}  {visit.started_at:7.1f} s  {visit.dwell_s:5.1f} s in view  {_words(visit)}")
        if visit.direction:
            lines[-1] += ", came in" if visit.direction == "in" else ", went out"
    census = census_json(counted.visits, settings)
    if settings.entrance.drawn:
        lines += ["", f"{census['entries']} came in, {census['exits']} went out"]
    if counted.excluded:
        lines += ["", f"{counted.excluded} more visits of staff, which are not counted"]
    if census["mean_age"] is not None:
        lines += ["", f"average apparent age {census['mean_age']}"]
        if census["female_share"] is not None:
            lines[-1] += f", {100 * census['female_share']:.0f} % women and girls of those with a gender"
        lines += ["", f"{'age':8}{'female':>8}{'male':>8}{'none':>8}"]
        for band, row in census["counts"].items():
            lines.append(f"{band:8}{row['female']:8}{row['male']:8}{row['unknown']:8}")
        lines += ["", *_likely(shares_of(counted.visits, settings), counted.visits)]
    return "\n".join(lines)


def _likely(shares: Shares | None, visits: Sequence[Visit]) -> list[str]:
    if shares is None:
        estimated = sum(visit.age is not None for visit in visits)
        if estimated >= MIN_VISITS:
            return ["this model's card does not say how often it errs, so there are no corrected shares"]
        return [
            f"too few patrons for corrected shares: they need {MIN_VISITS} visits with an age, here are {estimated}"
        ]
    lines = [
        "likely shares, corrected for the model's known mistakes (the range holds the truth in 19 of 20 cases)",
        "",
    ]
    for share in (*shares.bands, *shares.genders):
        name = share.gender if share.band == ALL else share.band
        middle, reach = in_words(share)
        lines.append(f"{name:8}{middle:>12}{reach:>14}")
    return lines


def _words(visit: Visit) -> str:
    if visit.age is None or visit.age_interval is None:
        return "not classified"
    return describe(visit.age, visit.age_interval, visit.female_probability)


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
