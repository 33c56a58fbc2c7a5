"""The folder of a training run: opening it, and checking that a run is resumed with what it was started with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edge.errors import BadInput


def open_run_folder(out: Path, resume: bool) -> dict[str, Any]:
    """Create the folder if needed; returns the ``run.json`` of the run to resume, or an empty dict if there is none.

    Raises:
        BadInput: there is a run but ``resume`` is False, or the folder or its ``run.json`` cannot be used.
    """
    path = out / "run.json"
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            return {}
        if not resume:
            raise BadInput(f"{out}: holds a run already; add --resume to continue it, or give another --out")
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{out}: cannot be used for a run ({error.strerror}); give another --out") from error
    except ValueError as error:
        raise BadInput(f"{path}: damaged; give another --out") from error
    return facts


def check_same_run(out: Path, earlier: dict[str, Any], facts: dict[str, Any]) -> None:
    """Make sure that a run is resumed with what it was started with.

    Raises:
        BadInput: recipe, images, weights or teachers have changed; the message says which.
    """
    names = {"recipe": "recipe", "data": "images", "weights": "weights", "teachers": "set of teachers"}
    for key, what in names.items():
        if earlier and (earlier.get(key) or None) != (facts.get(key) or None):
            raise BadInput(f"{out}: holds a run with another {what}; it cannot be resumed: give another --out")
