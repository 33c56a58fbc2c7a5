"""Rounding the numbers on a card."""

from __future__ import annotations

from typing import Any

import numpy as np


def round_floats(value: Any) -> Any:
    """``value`` with all floats in it rounded to six digits.

    The last bits of a sum depend on the machine; the bytes of a bundle must not.
    """
    if isinstance(value, dict):
        return {key: round_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [round_floats(item) for item in value]
    return round(float(value), 6) if isinstance(value, (float, np.floating)) else value
