"""docs/census.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from edge.census.shares.confusion import FACE_WEIGHT, MIN_FACES
from edge.census.shares.estimator import CORRECTED, MIN_VISITS, RAW
from edge.census.shares.label_shift import EM_STEPS, PRIOR_AS_COUNTED, PRIOR_PER_CELL, RUNS
from training.evaluation.shares_study import SHIFTS, SIZES

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "census.md").read_text(encoding="utf-8")


def test_the_numbers_of_the_method_are_those_of_the_code():
    words = " ".join(PAGE.split())
    assert f"runs {RUNS} times for {EM_STEPS} steps" in words
    assert f"counts as {FACE_WEIGHT} of one" in words
    assert f"fewer than {MIN_FACES} calibration faces" in words
    assert f"{PRIOR_AS_COUNTED:.0f} visits spread as they were counted and {PRIOR_PER_CELL} in each cell" in words
    assert f"fewer than {MIN_VISITS} visits" in words
    assert f"`method` in the event and the report is `{CORRECTED}`. It is `{RAW}`" in words


def test_the_table_has_what_the_study_measures():
    rows = [line.split("|")[1:-1] for line in PAGE.splitlines() if re.match(r"\| `", line)]
    assert {row[1].strip(" `") for row in rows} == set(SHIFTS)
    assert {int(row[2]) for row in rows} == set(SIZES)
    for row in rows:
        raw, counts, visits = (float(row[column].split()[0]) for column in (3, 6, 7))
        for value, column in ((counts, 6), (visits, 7)):
            assert abs(100 * value / raw - float(re.search(r"\((\d+) %\)", row[column])[1])) < 1


def test_every_link_of_the_page_leads_to_a_file():
    links = re.findall(r"\]\(([^)#:]+)", PAGE)
    assert links
    assert all((DOCS / link).is_file() for link in links)
