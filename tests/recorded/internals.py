"""All that the recorded results need from inside of maitred; everything else is the command line's, over its files,
HTTP and MQTT.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge.cameras import open_camera
from edge.config import Settings, load_settings
from edge.counting.visit import Visit
from edge.demo import CLIP
from edge.store import Store

__all__ = ["CLIP", "Store", "Visit", "default_settings", "save_frames", "settings_in"]


def settings_in(config: Path) -> dict[str, Any]:
    """All settings with a configuration file, by section."""
    return load_settings(config).model_dump(mode="json")


def default_settings() -> dict[str, Any]:
    """All settings with an empty configuration, by section."""
    return Settings().model_dump(mode="json")


def save_frames(indices: set[int], folder: Path) -> None:
    """Write frames of the bundled demo clip as pictures without loss, named by their index."""
    import cv2

    with open_camera(str(CLIP)) as camera:
        for frame in camera:
            if frame.index in indices:
                cv2.imwrite(str(folder / f"frame-{frame.index:03}.png"), frame.image)
            if frame.index >= max(indices):
                return
