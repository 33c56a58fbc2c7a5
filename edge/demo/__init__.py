"""The bundled clip that ``maitred demo`` plays: drawn patrons with averaged faces: nobody in it exists."""

from __future__ import annotations

from pathlib import Path

CLIP = Path(__file__).with_name("demo.mp4")
"""MPEG-4 video, 960 x 540 at 15 frames a second."""

TRUTH = Path(__file__).with_name("truth.json")
"""Who is in the clip: labels, times in sight and face boxes, as docs/demo-clip.md describes."""
