"""The shipped model bundles as files."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "edge" / "models"


def file_content(name: str) -> bytes:
    """All bytes of a shipped bundle: its model and the card behind it."""
    return (FOLDER / f"{name}.tflite").read_bytes()
