"""A mistake in the file, in plain words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """What is wrong and the way out; ``line`` counts from 1, 0: of no line; ``key`` as in ``[wifi] ssid``."""

    text: str
    line: int = 0
    key: str = ""
    of_device: bool = False
    """Whether it is the device's, not the file's: then there is nothing in the file to correct."""

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.key + ': ' if self.key else ''}{self.text}"
