"""The model card: what a model is for, what it was made from and how good it is, as Markdown for people.

The outline follows M. Mitchell et al., "Model Cards for Model Reporting", 2019.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

HEADLINES = (
    ("apparent age: mean absolute error", "age_mae", "years"),
    ("apparent age: mean error", "age_bias", "years"),
    ("apparent age: within 5 years", "age_cs5", "share"),
    ("apparent age: inside the label's range", "age_range_accuracy", "share"),
    ("apparent age: label inside the 80 % interval", "age_interval_coverage", "share"),
    ("gender: accuracy", "gender_accuracy", "share"),
    ("gender: accuracy, adults of 20 to 60", "adults_gender_accuracy", "share"),
    ("gender: precision (female)", "gender_precision", "share"),
    ("gender: recall, sensitivity (female)", "gender_recall", "share"),
    ("gender: specificity", "gender_specificity", "share"),
    ("gender: F1 score", "gender_f1", "share"),
    ("gender: expected calibration error", "gender_ece", "share"),
)
MIN_SLICE = 100
"""The figures of a slice with fewer faces than this mean little."""

USE = """\
## Intended use

The model takes one face crop and estimates an *apparent* age, as a distribution over 0 to 100 years with an 80 %
interval, and the probability that people would call the face female. It is made for counting the guests of a restaurant
by age band and gender, from many faces, on a device that keeps no picture.

It is not for decisions about a single person (entry, sale of alcohol, price, credit, work, security), for proving
anybody's age, for recognising or finding people, for inferring ethnicity, mood or health, or for people who have not
been informed. The two genders of the labels are what others saw, not how anyone identifies. For children under 13 the
agent gives no gender.
"""
LIMITS = """\
- The figures hold for pictures like these. Another camera, light, distance or pose, or people unlike those in the
  training data, give other errors, usually larger ones: measure on your own pictures.
- Labels of apparent age are themselves estimates by people.
- Estimates in age bands with few training faces are pulled towards bands with many.
- The 95 % intervals (percentile bootstrap over the pictures) show how much chance changes a figure on such pictures,
  not how much other pictures would. The interval of a calibration error is biased upwards.
"""


def format_figure(figures: Mapping[str, Any], key: str, unit: str) -> str:
    """A figure and, if there is one, its 95 % interval, in ``years`` or as a share: ``5.30 years [5.08, 5.52]``."""
    if figures[key] is None:
        return "no labels"
    factor, name = (1, "years") if unit == "years" else (100, "%")
    ends = figures.get("intervals", {}).get(key)
    interval = f" [{factor * ends[0]:.2f}, {factor * ends[1]:.2f}]" if ends else ""
    return f"{factor * figures[key]:.2f} {name}{interval}"


def headlines(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values of the headline figures; that of age ranges only if there are labels that are ranges."""
    return [
        (label, format_figure(result, key, unit))
        for label, key, unit in HEADLINES
        if key != "age_range_accuracy" or result[key] is not None
    ]


def describe_input(data: Mapping[str, Any]) -> str:
    """A description of the pictures that the model got."""
    crops = "face crops as they are" if data["aligned"] else "photos, their faces found and cut out first"
    return crops + (f", shrunk to {data['shrink']} px and enlarged again" if data["shrink"] else "")


def model_card(result: Mapping[str, Any], plots: Mapping[str, str]) -> str:
    """The model card of an evaluation, as Markdown; ``plots`` maps file names of plots beside the card to titles."""
    data = result["data"]
    measured = (
        f"Measured on {result['n']} faces of the split {data['split']} (images SHA-256 `{data['sha256']}`):"
        f" {describe_input(data)}. In brackets 95 % intervals."
    )
    blocks = [
        f"# Model card: {result['model']['name']}",
        *_section("The model", _made(result["model"])),
        USE,
        *_section("How good it is", measured, _table(("Figure", "Value"), headlines(result))),
        *_section("By group", _slices(result["slices"])),
        *_section("Gender", *_gender(result), *_plots(plots, "gender_confusion", "gender_reliability", "gender_roc")),
        *_section("Apparent age", *_age(result), *_plots(plots, "age_confusion", "age_error", "cumulative_score")),
        *_section("Training", *_plots(plots, "training")),
        *_section("Limits", _weakest(result["slices"]) + LIMITS),
        *_section("Skipped", _skipped(result["skipped"])),
    ]
    return "\n\n".join(block.strip("\n") for block in blocks) + "\n"


def _section(title: str, *blocks: str) -> list[str]:
    return [f"## {title}", *filter(None, blocks)] if any(blocks) else []


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _plots(plots: Mapping[str, str], *names: str) -> list[str]:
    return [f"![{plots[name]}]({name}.png) ([SVG]({name}.svg))" for name in names if name in plots]


def _made(model: Mapping[str, Any]) -> str:
    training = model.get("training", {})
    head, rows = ("file", f"SHA-256 `{model['sha256']}`"), []
    for name, key in (("training data", "data"), ("licence", "licence"), ("split", "split"), ("source", "source")):
        rows.append((name, training.get(key) or "not known"))
    if model.get("macs"):
        rows.append(("multiply-accumulates", f"{model['macs'] / 1e6:.0f} million for a face"))
    return _table(head, rows)


def _slices(slices: Mapping[str, Any]) -> str:
    return _table(
        ("Group", "Faces", "Age error", "Gender accuracy", "80 % interval holds"),
        [
            (name, part["n"], format_figure(part, "age_mae", "years"), format_figure(part, "gender_accuracy", "share"),
             format_figure(part, "age_interval_coverage", "share"))
            for name, part in slices.items()
        ],
    ) if slices else ""  # fmt: skip


def _gender(result: Mapping[str, Any]) -> list[str]:
    if not result["confusion_matrix"]:
        return []
    men, women = result["confusion_matrix"]
    confusion = _table(("Label", "Estimated male", "Estimated female"), [("male", *men), ("female", *women)])
    calibration = _table(
        ("Stated P(female)", "Faces", "Mean stated", "Observed share of women"),
        [
            (f"{100 * row['low']:.0f}-{100 * row['high']:.0f} %", row["n"],
             _percent(row["stated"]), _percent(row["observed"]))
            for row in result["gender_reliability"]
        ],
    )  # fmt: skip
    area = [f"Area under the ROC curve: {result['gender_roc']['auc']:.4f}."] if result["gender_roc"] else []
    return [confusion, calibration, *area]


def _age(result: Mapping[str, Any]) -> list[str]:
    if not result["age_bands"]:
        return []
    bands, matrix = result["age_confusion"]["bands"], result["age_confusion"]["matrix"]
    figures = ("accuracy", "precision", "recall", "f1", "specificity")
    rows = [*result["age_bands"]["by_band"].items(), ("mean of the bands", result["age_bands"]["macro"])]
    score = " · ".join(f"{year}: {100 * share:.1f} %" for year, share in enumerate(result["age_cumulative_score"]))
    return [
        f"Estimates in the right band: {_percent(result['age_bands']['accuracy'])}. A label that is a range of years"
        " belongs to the band of its middle.",
        _table(("Label \\ estimate", *bands), [(band, *row) for band, row in zip(bands, matrix, strict=True)]),
        "Each band against all others:",
        _table(("Band", *figures), [(name, *(_percent(row[figure]) for figure in figures)) for name, row in rows]),
        f"Cumulative score, the share of faces with an error of at most so many years: {score}.",
    ]


def _weakest(slices: Mapping[str, Any]) -> str:
    """The worst slices for age and for gender among those with enough faces, as Markdown list items."""
    lines = ""
    large = {name: part for name, part in slices.items() if part["n"] >= MIN_SLICE}
    aged = {name: part["age_mae"] for name, part in large.items() if part["age_mae"] is not None}
    gendered = {name: part["gender_accuracy"] for name, part in large.items() if part["gender_accuracy"] is not None}
    if aged:
        worst = max(aged, key=aged.__getitem__)
        lines += f"- Largest age error: {worst}, {format_figure(large[worst], 'age_mae', 'years')}.\n"
    if gendered:
        worst = min(gendered, key=gendered.__getitem__)
        lines += f"- Lowest gender accuracy: {worst}, {format_figure(large[worst], 'gender_accuracy', 'share')}.\n"
    small = [name for name, part in slices.items() if part["n"] < MIN_SLICE]
    return lines + (
        f"- Fewer than {MIN_SLICE} faces, so the figures mean little: {', '.join(small)}.\n" if small else ""
    )


def _skipped(skipped: Mapping[str, list[str]]) -> str:
    return "\n".join(
        f"- {reason}: {len(names)} ({', '.join(f'`{name}`' for name in names[:10])}{', …' if len(names) > 10 else ''})"
        for reason, names in skipped.items()
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
