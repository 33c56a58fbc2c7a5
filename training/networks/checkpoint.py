"""Reading the Keras files of the networks, and exporting the network of a run.

``python -m training.networks.checkpoint RUN OUT.keras`` writes a run's network with weights in half precision.
"""

from __future__ import annotations

import argparse
import json
import shutil
import zipfile
import zlib
from pathlib import Path

import keras

from edge.errors import BadInput
from training.networks.registry import NETWORKS, wrong_layers_message
from training.script import run_program


def load_network(path: Path) -> keras.Model:
    """Load a trained network from its Keras file, in float32 whatever type its weights are stored in.

    Raises:
        BadInput: there is no such file, or it is not a Keras model of one of the networks here.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such Keras file; maitred train writes one (model.keras)")
    try:
        model = keras.saving.load_model(path)
    except (ValueError, OSError, TypeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BadInput(f"{path}: not a Keras model that can be loaded: {error}") from error
    if model.name not in NETWORKS:
        raise BadInput(f"{path}: a network called {model.name!r}; known: {', '.join(NETWORKS)}")
    try:
        return with_dtype(model, "float32")
    except ValueError as error:
        raise BadInput(f"{path}: {wrong_layers_message(model.name, error)}") from error


def with_dtype(model: keras.Model, dtype: str) -> keras.Model:
    """A network with the weights of ``model`` in another type (float32, float16); the heads are always float32."""
    if all(layer.dtype_policy.name == dtype for layer in model.layers if layer.weights):
        return model
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        copy = NETWORKS[model.name]()
    finally:
        keras.config.set_dtype_policy(before)
    for layer in copy.layers:
        if layer.weights:
            layer.set_weights(model.get_layer(layer.name).get_weights())
    return copy


def export_run(run: Path, out: Path) -> None:
    """Write the network of a finished run as float16, with its records as NAME.run.json and NAME.progress.jsonl.

    In the command of ``run.json``, paths are replaced by the name of their option, since nobody else has those folders.

    Raises:
        BadInput: ``run`` is not the folder of a finished run.
    """
    network = load_network(run / "model.keras")
    try:
        facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{run}: its run.json cannot be read ({error})") from error
    out.parent.mkdir(parents=True, exist_ok=True)
    with_dtype(network, "float16").save(out)
    words = ["maitred", *map(str, facts.get("command", [])[1:])]
    words = [Path(word).name if word.endswith(".toml") else word for word in words]  # an edited recipe
    for place, word in enumerate(words[:-1]):
        if word.startswith("--") and not words[place + 1].startswith("--"):
            words[place + 1] = word.removeprefix("--").upper()
    facts["command"] = words
    out.with_suffix(".run.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    shutil.copyfile(run / "progress.jsonl", out.with_suffix(".progress.jsonl"))


def main(arguments: list[str] | None = None) -> int:
    """Export a run; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m training.networks.checkpoint",
        description="export the network of a finished run with 16-bit weights",
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a finished run")
    parser.add_argument("out", type=Path, metavar="OUT", help="Keras file to write")
    options = parser.parse_args(arguments)
    return run_program(options.out, lambda: export_run(options.run, options.out))


if __name__ == "__main__":
    raise SystemExit(main())
