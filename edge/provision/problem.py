"""A mistake in the file, or a problem of the device, in plain words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A problem.

    Attributes:
        text: what is wrong, and the way out.
        line: number of the line from 1; 0 if the problem has no line.
        key: section and key, such as ``[wifi] ssid``; may be empty.
    """

    text: str
    line: int = 0
    key: str = ""
    of_device: bool = False
    """Whether the device has the problem and not the file, so that there is nothing to correct in the file."""

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.key + ': ' if self.key else ''}{self.text}"
