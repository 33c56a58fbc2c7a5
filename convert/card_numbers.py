"""Numbers for a card."""

from __future__ import annotations

from typing import Any

import numpy as np


def round_floats(value: Any) -> Any:
    """Floats to six digits: the last bits of a sum depend on the machine, the bundle's bytes must not."""
    if isinstance(value, dict):
        return {key: round_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [round_floats(item) for item in value]
    return round(float(value), 6) if isinstance(value, (float, np.floating)) else value
