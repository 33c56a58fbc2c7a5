"""An estimate in words, the same for a face in a photo and for a visit."""

from __future__ import annotations


def describe(age: float, age_interval: tuple[float, float], female_probability: float | None) -> str:
    """``"apparent age 34 (28-41), female (83 %)"``; a child's gender (a probability of None) is not given."""
    low, high = age_interval
    years = f"apparent age {age:.0f} ({low:.0f}-{high:.0f})"
    if female_probability is None:
        return f"{years}, a child: no gender"
    if female_probability >= 0.5:
        return f"{years}, female ({100 * female_probability:.0f} %)"
    return f"{years}, male ({100 * (1 - female_probability):.0f} %)"
