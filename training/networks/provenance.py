"""The origin of a Keras file: the records of the run that made it, if they are beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edge.errors import BadInput


def origin(model: Path) -> dict[str, Any]:
    """``training`` from the run's ``run.json`` and ``history`` from its ``progress.jsonl``, if these files exist.

    They are in the folder of the model, or beside several models as NAME.run.json and NAME.progress.jsonl.

    Raises:
        BadInput: one of the two is damaged.
    """
    found: dict[str, Any] = {}
    run, progress = _beside(model, "run.json"), _beside(model, "progress.jsonl")
    if run:
        try:
            found["training"] = _training(_parsed(run, run.read_text(encoding="utf-8")))
        except (KeyError, TypeError) as error:
            raise BadInput(f"{run}: not written by maitred train ({error}); restore it or move it away") from error
    if progress:
        lines = [_parsed(progress, line) for line in progress.read_text(encoding="utf-8").splitlines()]
        # A run that was killed and resumed may have finished an epoch twice; the later one counts.
        found["history"] = list({line.get("epoch"): line for line in lines}.values())
    return found


def _training(run: dict[str, Any]) -> dict[str, str]:
    start, folders = run.get("weights"), run["data"]
    teachers = run.get("teachers", [])
    teacher_names = [teacher["network"] for teacher in teachers]
    # The licence of a teacher or an earlier run applies to the network that learned from it as well.
    inherited = [one["licence"] for one in (*teachers, start or {}) if "licence" in one]
    licences = dict.fromkeys(
        part for licence in (*(f["licence"] for f in folders), *inherited) for part in licence.split("; ")
    )
    return {
        "data": "; ".join(folder["about"] for folder in folders), "licence": "; ".join(licences),
        "split": "80/10/10 by SHA-256 of the image file",
        "source": f"maitred train {run['recipe']['network']}" + (f", from {start['about']}" if start else "")
        + (f"; taught by {' and '.join(teacher_names)}" if teacher_names else ""),
    }  # fmt: skip


def _beside(model: Path, name: str) -> Path | None:
    return next((path for path in (model.with_suffix(f".{name}"), model.with_name(name)) if path.is_file()), None)


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        # A figure without labels is written as NaN, which is not valid JSON.
        parsed = json.loads(text, parse_constant=lambda _: None)
    except ValueError as error:
        raise BadInput(f"{path}: damaged ({error}); restore it or move it away") from error
    if not isinstance(parsed, dict):
        raise BadInput(f"{path}: damaged (an object is expected); restore it or move it away")
    return parsed
