"""A benchmark's result as a table and as a plot."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pygal

from edge.vision.interpreter import load_runtime

BOARD = Path("/proc/device-tree/model")
CPUINFO = Path("/proc/cpuinfo")


def machine() -> dict[str, Any]:
    """The machine: board or processor, cores, system, runtime, and the version of maitred."""
    return {
        "name": _name(), "architecture": platform.machine(), "cores": os.cpu_count(), "system": platform.platform(),
        "python": platform.python_version(), "runtime": load_runtime().__name__.split(".")[0],
        "maitred": version("maitred"),
    }  # fmt: skip


def table(result: dict[str, Any]) -> str:
    """The result as text for people: one line for each model, and one for each stage."""
    about = result["machine"]
    lines = [
        f"{about['name']} ({about['architecture']}, {about['cores']} cores)",
        f"{about['runtime']}, maitred {about['maitred']}",
        f"int8 peak {result['int8_peak_gmacs_per_second']:.1f} GMAC/s; agent {result['resident_mb']:.0f} MB resident",
        "",
        f"{'model':12}{'MB':>7}{'threads':>9}{'MMAC':>8}{'median ms':>11}{'p95 ms':>9}{'GMAC/s':>9}{'of peak':>9}",
    ]
    lines += [
        f"{model['model']:12}{model['megabytes']:7.2f}{model['threads']:9}{model['macs'] / 1e6:8.0f}"
        f"{model['median_ms']:11.2f}{model['p95_ms']:9.2f}{model['gmacs_per_second']:9.1f}"
        f"{100 * model['share_of_int8_peak']:8.0f} %"
        for model in result["models"]
    ]
    lines += ["", f"{'stage':12}{'calls':>7}{'median ms':>11}{'p95 ms':>9}"]
    lines += [
        f"{name:12}{stage['calls']:7}{stage['median_ms']:11.2f}{stage['p95_ms']:9.2f}"
        for name, stage in result["stages"].items()
    ]
    if result["peer"]:
        peer = result["peer"]
        lines += ["", f"{peer['name']} {peer['version']}, on the {peer['crops']} crops that were classified:"]
        lines += [f"{'':12}{peer['crops']:7}{peer['median_ms']:11.2f}{peer['p95_ms']:9.2f}"]
    return "\n".join(lines)


def plot(result: dict[str, Any]) -> bytes:
    """Medians and 95th percentiles of models and stages in milliseconds, as SVG that needs no other file."""
    rows = {model["model"]: model for model in result["models"]} | result["stages"]
    chart = pygal.HorizontalBar(title=f"Milliseconds on {result['machine']['name']}", logarithmic=True, js=[])
    chart.x_labels = list(rows)
    # A logarithmic axis has no 0.
    chart.add("median", [row["median_ms"] or None for row in rows.values()])
    chart.add("95th percentile", [row["p95_ms"] or None for row in rows.values()])
    return bytes(chart.render())


def _name() -> str:
    try:
        return BOARD.read_text(encoding="utf-8").strip("\0 \n")  # on a Pi, the name of the board
    except OSError:
        pass
    try:
        lines = CPUINFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
