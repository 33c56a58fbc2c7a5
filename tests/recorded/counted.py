"""What is counted in recordings and estimated in pictures, and the models that do so."""

from __future__ import annotations

import hashlib
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.recorded.command_line import maitred_json, shared
from tests.recorded.internals import CLIP, save_frames

MODELS = ("mobile", "table1", "vgg16")
CLIPS = ("face-demographics-walking.gif", "people-detection.gif", "store-aisle-detection.gif")
LONG_CLIP = "one-by-one-person-detection.mp4"
FRAMES = {62, 158, 300, 421, 520}
"""Of the demo clip, in which patrons are near and far, alone and in company."""
PORTRAITS = ("female_0.jpg", "female_17.jpg", "female_42.jpg", "male_0.jpg", "male_23.jpg", "male_61.jpg")
"""Generated: nobody looks like that."""


def bundles(_: Path) -> dict[str, Any]:
    found = find_spec("edge")
    assert found is not None and found.submodule_search_locations
    (package,) = found.submodule_search_locations
    models = sorted((Path(package) / "models").glob("*.tflite"))
    return {"sha256": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in models}}


def demo(folder: Path) -> dict[str, Any]:
    return {"demo --once": maitred_json(folder, "demo", "--once")}


def demo_clip(folder: Path) -> dict[str, Any]:
    return {"count": maitred_json(folder, "count", CLIP)}


def shared_clips(folder: Path) -> dict[str, Any]:
    clips = shared("clips")
    return {f"count {clip}": maitred_json(folder, "count", clips / clip) for clip in CLIPS}


def long_shared_clip(folder: Path) -> dict[str, Any]:
    return {f"count {LONG_CLIP}": maitred_json(folder, "count", shared("clips") / LONG_CLIP)}


def faces_of_the_demo(folder: Path) -> dict[str, Any]:
    (folder / "frames").mkdir()
    save_frames(FRAMES, folder / "frames")
    return {f"predict --model {model}": maitred_json(folder, "predict", "frames", "--model", model) for model in MODELS}


def faces_of_portraits(folder: Path) -> dict[str, Any]:
    portraits = shared("synthetic_portraits")
    (folder / "portraits").mkdir()
    for name in PORTRAITS:
        shutil.copyfile(portraits / name, folder / "portraits" / name)
    return {
        f"predict --model {model}": maitred_json(folder, "predict", "portraits", "--model", model) for model in MODELS
    }
