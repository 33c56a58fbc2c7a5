"""Loading a network's initial weights: an HDF5 file with layers by name, ImageNet's weights, or an earlier run."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import h5py
import keras
import numpy as np

from edge.errors import BadInput, few
from training.networks.checkpoint import load_network
from training.networks.heads import HEADS
from training.networks.pretrained import Layers, fold_normalisation, imagenet_weights
from training.networks.provenance import origin

log = logging.getLogger(__name__)
IMAGENET = "imagenet"
OUR_ATTRIBUTE = "maitred"
"""HDF5 attribute of files written here, with layers in our form (no normalisation, RGB / 255): a description."""


def read_weights(path: Path) -> tuple[Layers, str | None]:
    """The weights of each layer by name, from a file in the form of ``model.save_weights``; their description, if ours.

    VGGFace and VGGFace2 weights are distributed in this form (``rcmalli_vggface_tf_notop_vgg16.h5``).

    Raises:
        BadInput: there is no such file, or it has another layout.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such weights file; give a Keras .h5 file, or {IMAGENET}")
    try:
        with h5py.File(path) as file:
            root = file.get("model_weights", file)
            found: Layers = {}
            for name in map(_text, root.attrs["layer_names"]):
                weights = map(_text, root[name].attrs["weight_names"])
                # Keras' own names are "block1_conv1/kernel:0"; some old files have "conv1_1/conv1_1_W:0".
                found[name] = {
                    weight.rpartition("/")[2].partition(":")[0]: root[name][weight][()] for weight in weights
                }
            return found, _text(root.attrs[OUR_ATTRIBUTE]) if OUR_ATTRIBUTE in root.attrs else None
    except (OSError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path}: not a Keras weights file with layers by name ({error})") from error


def write_weights(path: Path, layers: Layers, about: str) -> None:
    """Write layers in our form as float16, for :func:`read_weights`; ``about`` describes their origin."""
    with h5py.File(path, "w") as file:
        file.attrs[OUR_ATTRIBUTE] = about
        file.attrs["layer_names"] = [name.encode() for name in layers]
        for name, arrays in layers.items():
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}/{kind}:0".encode() for kind in arrays]
            for kind, array in arrays.items():
                group.create_dataset(f"{name}/{kind}:0", data=array.astype(np.float16))


def load_weights(model: keras.Model, source: str) -> dict[str, str]:
    """Load weights into the layers of ``model`` except its heads; returns their ``about`` and ``sha256``.

    ``source`` is ``imagenet`` or the path of a file: one of ours, or one of
    :data:`training.networks.pretrained.PUBLISHED_WEIGHTS`. Layers that the model does not have (another task's heads)
    are left out, and logged. The Keras file (``.keras``) of an earlier run of the same network gives its heads as well,
    and ``licence``, where its ``run.json`` has one.

    Raises:
        BadInput: a layer of the model is missing in the source, or has other shapes there; the message names it.
        MaitredError: ImageNet's weights cannot be downloaded.
    """
    if source.endswith(".keras"):
        return _load_earlier_run(model, Path(source))
    trunk = [layer for layer in model.layers if layer.weights and layer.name not in HEADS]
    if source == IMAGENET:
        found, about, digest = imagenet_weights(model.name), None, hashlib.sha256()
        for name in sorted(found):
            for kind in sorted(found[name]):
                digest.update(found[name][kind].tobytes())
    else:
        found, about = read_weights(Path(source))
        digest = hashlib.sha256(Path(source).read_bytes())
    log.info("weights %s, SHA-256 %s", source, digest.hexdigest())
    unused = sorted(found.keys() - {layer.name for layer in trunk})
    if about and unused:
        log.info("not used: %s", few(unused))
    try:
        layers = found
        if about is None:
            layers, about = fold_normalisation(found, model.name, [layer.name for layer in trunk])
        _assign(model, trunk, layers)
    except BadInput as error:
        raise BadInput(f"{source}: {error}") from error
    return {"about": about, "sha256": digest.hexdigest()}


def _load_earlier_run(model: keras.Model, path: Path) -> dict[str, str]:
    """Load all weights, heads included, of an earlier run of the same network."""
    earlier = load_network(path)
    if earlier.name != model.name:
        raise BadInput(f"{path}: a network called {earlier.name!r}, where {model.name!r} is trained")
    model.set_weights(earlier.get_weights())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    log.info("weights %s, SHA-256 %s", path, digest)
    facts, records = {"about": "an earlier run", "sha256": digest}, origin(path)
    if "history" in records:
        facts["about"] += f" of {len(records['history'])} epochs"
    if "training" in records:
        facts |= {
            "about": f"{facts['about']} ({records['training']['source']})",
            "licence": records["training"]["licence"],
        }
    return facts


def _assign(model: keras.Model, trunk: list[keras.Layer], layers: Layers) -> None:
    for layer in trunk:
        if layer.name not in layers:
            raise BadInput(f"has no layer {layer.name!r}, which {model.name} needs; it has {few(layers)}")
        expected = [tuple(weight.shape) for weight in layer.weights]
        found = [array.shape for array in layers[layer.name].values()]
        if found != expected:
            raise BadInput(f"layer {layer.name!r} has weights of shape {found}, {model.name} needs {expected}")
        layer.set_weights([array.astype(np.float32) for array in layers[layer.name].values()])


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
