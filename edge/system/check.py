"""What a check of the device found; ``maitred doctor`` and the dashboard show the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckVerdict = Literal["ok", "warning", "failure"]


@dataclass(frozen=True)
class Check:
    """The result of one check. ``way_out`` says what to do, and is empty if all is well."""

    name: str
    verdict: CheckVerdict
    found: str
    way_out: str = ""
