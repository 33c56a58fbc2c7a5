"""What differs between two recordings of behaviour, in words.

On the machine kind of the recording everything has to be equal. Another processor gives the same bits in the INT8
networks, and 1e-6 in what is computed of them (docs/conversion.md): there a printed number may differ by that, and by
one in its last digit, which rounding makes of it. How a video's colours are converted differs between processors by a
level or two of 255, and so does what hangs on single pixels: there only frames, visits, their genders and directions
are compared.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

POST_PROCESSING = 1e-6
NUMBER = re.compile(r"(\d+\.\d+)")
HANG_ON_PIXELS = {
    "started_s", "ended_s", "dwell_s", "zone_s", "observations",
    "age", "age_interval", "female_probability", "mean_age", "counts", "box", "score",
}  # fmt: skip
"""Of visits, faces and the census of a recording."""


def differences(recorded: Any, present: Any, *, exact: bool = True, where: str = "") -> list[str]:
    """A line for each value that is another one, is missing or is new."""
    if isinstance(recorded, dict) and isinstance(present, dict):
        lost = [f"{where}/{name} is not there any more" for name in recorded if name not in present]
        new = [f"{where}/{name} is new" for name in present if name not in recorded]
        each = [(name, recorded[name], present[name]) for name in recorded if name in present]
    elif isinstance(recorded, list) and isinstance(present, list):
        lost = [f"{where}: there were {len(recorded)}, there are {len(present)}"] * (len(recorded) != len(present))
        new = []
        each = [(str(index), *pair) for index, pair in enumerate(zip(recorded, present, strict=False))]
    else:
        same = recorded == present and type(recorded) is type(present)
        if same or (not exact and _close(recorded, present)):
            return []
        return [f"{where} was {recorded!r}, is {present!r}"]
    below = (differences(was, now, exact=exact, where=f"{where}/{name}") for name, was, now in each)
    return lost + new + [line for lines in below for line in lines]


def without_what_hangs_on_pixels(value: Any) -> Any:
    """What of a video's recording is the same on every processor."""
    if isinstance(value, dict):
        kept = {name: each for name, each in value.items() if name not in HANG_ON_PIXELS}
        return {name: without_what_hangs_on_pixels(each) for name, each in kept.items()}
    return [without_what_hangs_on_pixels(each) for each in value] if isinstance(value, list) else value


def _close(recorded: Any, present: Any) -> bool:
    if isinstance(recorded, float) and isinstance(present, (int, float)):
        exponent = Decimal(repr(recorded)).as_tuple().exponent
        return abs(recorded - present) <= 10.0 ** min(int(exponent), -1) + POST_PROCESSING
    if isinstance(recorded, str) and isinstance(present, str):
        was, now = NUMBER.split(recorded), NUMBER.split(present)
        return len(was) == len(now) and all(
            one == other or (index % 2 == 1 and _close(float(one), float(other)))
            for index, (one, other) in enumerate(zip(was, now, strict=True))
        )
    return False
