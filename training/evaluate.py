"""How good a model is on labelled pictures, as one document for programs and one for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from edge.errors import BadInput
from training.metrics import report
from training.predictors import FaceCropper, predict, predictor
from training.samples import SPLITS, Split, list_samples

TABLE = (
    ("apparent age: mean absolute error", "age_mae", "years"),
    ("apparent age: mean error", "age_bias", "years"),
    ("apparent age: within 5 years", "age_cs5", "share"),
    ("apparent age: label inside the 80 % interval", "age_interval_coverage", "share"),
    ("gender: accuracy", "gender_accuracy", "share"),
    ("gender: precision (female)", "gender_precision", "share"),
    ("gender: recall (female)", "gender_recall", "share"),
    ("gender: specificity", "gender_specificity", "share"),
    ("gender: F1 score", "gender_f1", "share"),
    ("gender: expected calibration error", "gender_ece", "share"),
)


def evaluate(model: str, data: Path, split: Split | Literal["all"], aligned: bool) -> dict[str, Any]:
    """All figures of a model (a bundle by name or path, or a Keras file) on one split of ``data``, ready for JSON.

    ``aligned`` says that the pictures are face crops already; else a face is found and cut out of each first.

    Raises:
        BadInput: model or data cannot be used.
    """
    loaded = predictor(model)
    listing = list_samples(data)
    samples = listing.of(*(SPLITS if split == "all" else (split,)))
    outcome = predict(samples, loaded, None if aligned else FaceCropper(loaded))
    skipped = dict(listing.dropped)
    for reason, names in (("cannot be read", outcome.unreadable), ("no face found", outcome.undetected)):
        if names:
            skipped[reason] = names
    return {
        "model": {"name": loaded.name, "sha256": loaded.sha256},
        "data": {"folder": str(data), "sha256": listing.sha256, "split": split, "aligned": aligned},
        **report(outcome.samples, outcome.predictions),
        "unreadable": len(outcome.unreadable), "undetected": len(outcome.undetected), "skipped": skipped,
    }  # fmt: skip


def summary(result: dict[str, Any]) -> str:
    """The figures in lines for a terminal."""
    lines = [f"{result['n']} faces of the split {result['data']['split']}, model {result['model']['name']}"]
    lines += [f"{label:46} {_shown(result[key], unit)}" for label, key, unit in TABLE]
    lines += [f"skipped {len(names)}: {reason}" for reason, names in result["skipped"].items()]
    return "\n".join(lines)


def markdown(result: dict[str, Any]) -> str:
    """The figures as a Markdown report, overall and by slice, with what was skipped."""
    model, data = result["model"], result["data"]
    seen = "face crops as they are" if data["aligned"] else "photos, their faces found and cut out first"
    lines = [
        f"# {model['name']}, evaluated", "",
        f"Model SHA-256 `{model['sha256']}`.",
        f"Images SHA-256 `{data['sha256']}`, split {data['split']}: {result['n']} faces ({seen}).", "",
        "| Figure | Value |", "|---|---|",
        *(f"| {label} | {_shown(result[key], unit)} |" for label, key, unit in TABLE), "",
    ]  # fmt: skip
    if result["confusion_matrix"]:
        (tn, fp), (fn, tp) = result["confusion_matrix"]
        lines += [
            "## Gender", "", "| Label | Estimated male | Estimated female |", "|---|---|---|",
            f"| male | {tn} | {fp} |", f"| female | {fn} | {tp} |", "",
        ]  # fmt: skip
    lines += ["## By group", "", "| Group | Faces | Age error | Gender accuracy |", "|---|---|---|---|"]
    for name, part in result["slices"].items():
        age, gender = _shown(part["age_mae"], "years"), _shown(part["gender_accuracy"], "share")
        lines.append(f"| {name} | {part['n']} | {age} | {gender} |")
    if result["skipped"]:
        lines += ["", "## Skipped", ""]
        lines += [f"- {reason}: {len(names)} ({_few(names)})" for reason, names in result["skipped"].items()]
    return "\n".join(lines) + "\n"


def write(result: dict[str, Any], out: Path) -> None:
    """Write ``metrics.json`` and ``report.md`` into a folder.

    Raises:
        BadInput: it cannot be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "metrics.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        (out / "report.md").write_text(markdown(result), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{out}: cannot write there ({error.strerror}); give another --out") from error


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "no labels"
    return f"{value:.2f} years" if unit == "years" else f"{100 * value:.2f} %"


def _few(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:10]) + (", …" if len(names) > 10 else "")
