"""Measuring a model on labelled pictures: a JSON document for programs, plots and a model card for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from edge.errors import BadInput
from training.data.dataset import SPLITS, Split, read_dataset
from training.evaluation.bootstrap import RESAMPLES
from training.evaluation.metrics import evaluation_report
from training.evaluation.model_card import describe_input, headlines, model_card
from training.evaluation.predictors import FaceCropper, load_predictor, predict


def evaluate(
    model: str, data: Path, split: Split | Literal["all"], aligned: bool, shrink: int | None = None
) -> dict[str, Any]:
    """All figures of a model (a bundle by name or path, or a Keras file) on one split of ``data``, ready for JSON.

    ``aligned`` means that the pictures are face crops already; otherwise a face is found and cut out of each first.
    ``shrink`` makes every larger crop so many pixels wide before the model gets it, as if the face were further away.

    Raises:
        BadInput: model or data cannot be used, or ``shrink`` is below 1.
    """
    if shrink is not None and shrink < 1:
        raise BadInput(f"--shrink {shrink}: not a width in pixels; give 1 or more")
    loaded = load_predictor(model)
    dataset = read_dataset(data)
    samples = dataset.of(*(SPLITS if split == "all" else (split,)))
    outcome = predict(samples, loaded, None if aligned else FaceCropper(loaded.crop, loaded.size), shrink)
    skipped = dict(dataset.dropped)
    for reason, names in (("cannot be read", outcome.unreadable), ("no face found", outcome.undetected)):
        if names:
            skipped[reason] = names
    return {
        "model": {"name": loaded.name, "sha256": loaded.sha256, **loaded.about},
        "data": {
            "folder": str(data), "sha256": dataset.sha256, "split": split, "aligned": aligned, "shrink": shrink
        },
        **evaluation_report(outcome.samples, outcome.predictions, RESAMPLES),
        "unreadable": len(outcome.unreadable), "undetected": len(outcome.undetected), "skipped": skipped,
    }  # fmt: skip


def summary(result: dict[str, Any]) -> str:
    """The headline figures with their 95 % intervals, as text for a terminal."""
    data = result["data"]
    lines = [
        f"{result['n']} faces of the split {data['split']}, model {result['model']['name']}; {describe_input(data)}"
    ]
    lines += [f"{label:46} {value}" for label, value in headlines(result)]
    lines += [f"skipped {len(names)}: {reason}" for reason, names in result["skipped"].items()]
    return "\n".join(lines)


def write(result: dict[str, Any], out: Path) -> None:
    """Write ``metrics.json``, the plots and ``model_card.md`` into the folder ``out``; needs matplotlib.

    Raises:
        BadInput: the folder cannot be written to.
    """
    from training.evaluation.plots import draw

    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "metrics.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        (out / "model_card.md").write_text(model_card(result, draw(result, out)), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{out}: cannot write there ({error.strerror}); give another --out") from error
