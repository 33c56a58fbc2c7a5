"""``maitred bundle show``: what a model bundle says about itself."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from edge.commands import Commands, command

if TYPE_CHECKING:
    from edge.vision.bundle import Bundle

VERDICTS = {
    True: "its outputs here are the same as when it was verified, to the bit",
    False: "its outputs here are DIFFERENT from when it was verified: report this runtime",
    None: "its card has no outputs to compare with",
}
KERNELS = {
    True: "fast: the runtime's delegate computes the whole model",
    False: "PLAIN, many times slower: the runtime has no fast kernels for this processor or this model",
}


def add(commands: Commands) -> None:
    """Add the subcommand."""
    parser = command(commands, "bundle", run, "show what a model bundle holds")
    parser.add_argument(
        "action", choices=("show",), help="show: print its card, and whether it runs here as it was verified"
    )
    parser.add_argument("model", metavar="NAME|FILE", help="shipped model by name, or a bundle")
    parser.add_argument("--json", action="store_true", help="print the whole card as one JSON document")


def run(options: argparse.Namespace) -> int:
    """Print the bundle's card; returns the exit code."""
    from edge.commands.output import print_json
    from edge.vision.bundle import load_bundle
    from edge.vision.self_check import runs_as_verified

    bundle = load_bundle(options.model)
    interpreter = bundle.interpreter(1)
    runs, fast = runs_as_verified(bundle.card, interpreter), interpreter.accelerated
    if options.json:
        print_json(
            {
                "sha256": bundle.sha256,
                "runs_as_verified": runs,
                "accelerated": fast,
                "card": bundle.card.model_dump(mode="json"),
            }
        )
    else:
        sys.stdout.write(_text(bundle, runs, fast) + "\n")
    return 0


def _text(bundle: Bundle, runs: bool | None, fast: bool) -> str:
    card = bundle.card
    tpu = card.verification.get("edge_tpu", {})
    rows = [
        ("name", f"{card.name}, version {card.version}, for {card.task}"),
        ("file", f"{bundle.size / 1e6:.2f} MB, SHA-256 {bundle.sha256}"),
        ("input", f"{card.input.width}x{card.input.height} {card.input.colour} {card.input.dtype}"),
        *(("output", f"{output.name} {output.dtype} {output.shape}") for output in card.outputs),
        ("trained on", card.training.data),
        ("licence", card.training.licence),
        ("source", card.training.source),
    ]
    if card.macs is not None:
        rows.append(("work", f"{card.macs / 1e6:.0f} million multiply-accumulates"))
    rows += [
        (f"{kind}, {split}", _figures(part)) for kind, splits in card.metrics.items() for split, part in splits.items()
    ]
    worst = card.verification.get("noisiest_layers", [])
    if worst:
        rows.append(("noise", ", ".join(f"{layer['layer']} {layer['snr_db']:.1f} dB" for layer in worst)))
    if tpu:
        rows.append(("Edge TPU", f"{tpu['expected_to_map']} of {tpu['operators']} operators are expected to map"))
    rows += [("runs", VERDICTS[runs]), ("kernels", KERNELS[fast])]
    width = max(len(name) for name, _ in rows) + 2
    return "\n".join(f"{name:{width}}{value}" for name, value in rows)


def _figures(part: dict[str, Any]) -> str:
    """How well a detector finds the faces of a set, or how well a model estimates their ages and genders."""
    if "recall" in part:
        return f"recall {100 * part['recall']:.2f} %, precision {100 * part['precision']:.2f} % ({part['faces']} faces)"
    return f"age MAE {part['age_mae']:.2f} years, gender {100 * part['gender_accuracy']:.2f} % ({part['n']} faces)"
