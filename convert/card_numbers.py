"""Numbers for a card."""

from __future__ import annotations

from typing import Any

import numpy as np


def rounded(value: Any) -> Any:
    """Floats to six digits: the last bits of a sum depend on the machine, the bundle's bytes must not."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return round(float(value), 6) if isinstance(value, (float, np.floating)) else value
