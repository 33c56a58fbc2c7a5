"""Plots of an evaluation, each as PNG and SVG, in blue and orange, which colour-blind people can distinguish."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from edge.labels import GENDER_OF_LABEL

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#767676"
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans", "font.size": 10, "axes.spines.top": False, "axes.spines.right": False,
    "axes.axisbelow": True, "axes.grid": True, "grid.color": "#dddddd", "legend.frameon": False,
    # A fixed salt makes the SVG reproducible; text as text makes it searchable.
    "svg.hashsalt": "maitred", "svg.fonttype": "none",
}  # fmt: skip
Result = dict[str, Any]


def draw(result: Result, folder: Path) -> dict[str, str]:
    """Write every plot for which the result has figures as NAME.png and NAME.svg; returns the titles by NAME."""
    drawn = {}
    for name, (title, needs, plot) in PLOTS.items():
        if not needs(result):
            continue
        with mpl.rc_context(STYLE):
            figure = Figure(layout="constrained", dpi=120)
            plot(figure, result)
            figure.suptitle(f"{title}: {result['model']['name']}", fontsize=11)
            figure.savefig(folder / f"{name}.png")
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
        drawn[name] = title
    return drawn


def _gender_confusion(figure: Figure, result: Result) -> None:
    _matrix(figure, result["confusion_matrix"], tuple(GENDER_OF_LABEL.values()), "gender", (4.6, 4.2))


def _age_confusion(figure: Figure, result: Result) -> None:
    confusion = result["age_confusion"]
    _matrix(figure, confusion["matrix"], confusion["bands"], "age band (years)", (7.2, 6.2))


def _matrix(figure: Figure, matrix: list[list[int]], names: list[str] | tuple[str, ...], of: str, size: Any) -> None:
    """Draw a confusion matrix: each row's shares as shades and percentages, with the number of faces below.

    A row without faces stays white.
    """
    figure.set_size_inches(size)
    axes = figure.add_subplot()
    shares = [[cell / max(sum(row), 1) for cell in row] for row in matrix]
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, cells in enumerate(matrix):
        for column, cell in enumerate(cells):
            share = shares[row][column]
            text = f"{100 * share:.{1 if len(names) < 4 else 0}f} %\n{cell}" if cell else "0"
            colour = "white" if share > 0.55 else "black"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8 if len(names) > 3 else 11)
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel=f"estimated {of}", ylabel=f"labelled {of}")
    axes.grid(visible=False)
    figure.colorbar(image, label="share of the row's faces", format=PercentFormatter(1), shrink=0.8)


def _age_error(figure: Figure, result: Result) -> None:
    figure.set_size_inches(7, 4.2)
    axes = figure.add_subplot()
    bands = [band for band in result["age_confusion"]["bands"] if f"age {band}" in result["slices"]]
    parts = [result["slices"][f"age {band}"] for band in bands]
    for shift, key, colour, label in (
        (-0.2, "age_mae", BLUE, "mean absolute error"),
        (0.2, "age_bias", ORANGE, "mean error (above 0: estimated too old)"),
    ):
        values = [part[key] for part in parts]
        ends = [part["intervals"][key] for part in parts]
        whiskers = [[value - low for value, (low, _) in zip(values, ends, strict=True)],
                    [high - value for value, (_, high) in zip(values, ends, strict=True)]]  # fmt: skip
        places = [place + shift for place in range(len(bands))]
        axes.bar(places, values, 0.4, color=colour, label=label)
        # The percentile interval of a tiny group may not contain the value itself.
        axes.errorbar(places, values, [[max(w, 0) for w in side] for side in whiskers], fmt="none", ecolor="black",
                      elinewidth=1, capsize=2)  # fmt: skip
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(range(len(bands)), [f"{band}\nn={part['n']}" for band, part in zip(bands, parts, strict=True)])
    axes.set(xlabel="labelled age band (years)", ylabel="error (years), with 95 % interval")
    axes.grid(visible=False, axis="x")
    axes.legend(loc="best")


def _cumulative_score(figure: Figure, result: Result) -> None:
    figure.set_size_inches(5.6, 4.2)
    axes = figure.add_subplot()
    score = result["age_cumulative_score"]
    axes.plot(range(len(score)), score, color=BLUE, marker="o", markersize=4)
    axes.annotate(f"CS(5) = {100 * score[5]:.1f} %", (5, score[5]), (10, -14), textcoords="offset points")
    axes.set(
        xlabel="absolute age error at most (years)", ylabel="share of faces", xlim=(0, len(score) - 1), ylim=(0, 1)
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1))


def _reliability(figure: Figure, result: Result) -> None:
    figure.set_size_inches(5, 5.6)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    bins = result["gender_reliability"]
    filled = [row for row in bins if row["n"]]
    above.plot((0, 1), (0, 1), color=GREY, linestyle="--", label="perfectly calibrated")
    above.plot([row["stated"] for row in filled], [row["observed"] for row in filled], color=BLUE, marker="o",
               label=f"this model (ECE {100 * result['gender_ece']:.1f} %)")  # fmt: skip
    above.set(ylabel="observed share of women", ylim=(0, 1))
    above.yaxis.set_major_formatter(PercentFormatter(1))
    above.legend(loc="upper left")
    below.bar([row["low"] for row in bins], [row["n"] for row in bins], 1 / len(bins), align="edge", color=BLUE,
              edgecolor="white")  # fmt: skip
    below.set(xlabel="stated P(female)", ylabel="faces", xlim=(0, 1))
    below.xaxis.set_major_formatter(PercentFormatter(1))


def _roc(figure: Figure, result: Result) -> None:
    figure.set_size_inches(4.8, 4.8)
    axes = figure.add_subplot()
    curve = result["gender_roc"]
    axes.plot((0, 1), (0, 1), color=GREY, linestyle="--", label="chance")
    axes.plot(curve["false_positive_rate"], curve["true_positive_rate"], color=BLUE, label=f"AUC {curve['auc']:.4f}")
    point = (1 - result["gender_specificity"], result["gender_recall"])
    axes.plot(*point, color=ORANGE, marker="o", linestyle="none", label="at P(female) = 50 %")
    axes.set(xlabel="men taken for women (1 − specificity)", ylabel="women recognised (recall)", xlim=(-0.01, 1))
    axes.set(ylim=(0, 1.01), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    axes.legend(loc="lower right")


def _training(figure: Figure, result: Result) -> None:
    figure.set_size_inches(9.6, 3.4)
    history = result["model"]["history"]
    panels: list[Axes] = list(figure.subplots(1, 3))
    for axes, key, label in zip(panels, ("loss", "age_mae", "gender_accuracy"),
                                ("loss", "age MAE (years)", "gender accuracy"), strict=True):  # fmt: skip
        known = [(line["epoch"], line[key]) for line in history if line.get(key) is not None]
        axes.plot([epoch for epoch, _ in known], [value for _, value in known], color=BLUE, marker="o", markersize=3)
        axes.set(xlabel="epoch", ylabel=f"{label}, validation")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[2].yaxis.set_major_formatter(PercentFormatter(1))


def _has(key: str) -> Callable[[Result], bool]:
    return lambda result: result[key] is not None


PLOTS: dict[str, tuple[str, Callable[[Result], Any], Callable[[Figure, Result], None]]] = {
    "gender_confusion": ("Gender, confusion matrix", _has("confusion_matrix"), _gender_confusion),
    "age_confusion": ("Age bands, confusion matrix", _has("age_bands"), _age_confusion),
    "age_error": ("Age error by age", _has("age_mae"), _age_error),
    "cumulative_score": ("Age, cumulative score", _has("age_cumulative_score"), _cumulative_score),
    "gender_reliability": ("Gender, reliability", _has("gender_reliability"), _reliability),
    "gender_roc": ("Gender, ROC curve", _has("gender_roc"), _roc),
    "training": ("Training, by epoch", lambda result: result["model"].get("history"), _training),
}
"""For each file name: the title, whether a result has the figures, and the function that draws them."""
