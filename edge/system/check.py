"""What a check of the device found: the same in ``maitred doctor`` and on the dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckVerdict = Literal["ok", "warning", "failure"]


@dataclass(frozen=True)
class Check:
    """One finding. ``way_out`` is empty where all is well."""

    name: str
    verdict: CheckVerdict
    found: str
    way_out: str = ""
