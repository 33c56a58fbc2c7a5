"""The bundled clip that ``maitred demo`` plays. It shows drawn patrons with averaged faces, and no real person."""

from __future__ import annotations

from pathlib import Path

CLIP = Path(__file__).with_name("demo.mp4")
"""MPEG-4 video, 960 x 540 at 15 frames a second."""

TRUTH = Path(__file__).with_name("truth.json")
"""The people in the clip: labels, times in view and face boxes, in the format of docs/demo-clip.md."""
