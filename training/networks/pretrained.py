"""Converting pretrained trunks from their published form into our plain convolutions with biases.

Two things are folded into the convolutions: batch normalisation, and the preprocessing of the input. All networks here
take RGB / 255. Folding is exact except at the picture's border, where zero padding then means another colour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from edge.errors import BadInput, MaitredError, few

Layers = dict[str, dict[str, np.ndarray]]
"""Layer name -> weight name (kernel, bias, gamma, …) -> array."""


@dataclass(frozen=True)
class PublishedWeights:
    """How a family of published weights differs from ours.

    Attributes:
        about: description, for the log.
        means: subtracted from blue, green and red (0..255) first; None if the input is RGB scaled to -1..1.
        ours: from the name of our layer to its name in the file.
        normalisation: from a convolution's name in the file to that of its normalisation.
        epsilon: epsilon of the normalisation.
    """

    about: str
    means: tuple[float, float, float] | None
    ours: Callable[[str], str] = lambda name: name
    normalisation: Callable[[str], str] = lambda name: f"{name}_bn"
    epsilon: float = 1e-3


def _vggface_resnet(name: str) -> str:
    """``conv2_block1_3_conv`` -> ``conv2_1_1x1_increase``."""
    if name == "conv1_conv":
        return "conv1/7x7_s2"
    stage, block, part, _ = name.split("_")
    kind = {"0": "1x1_proj", "1": "1x1_reduce", "2": "3x3", "3": "1x1_increase"}[part]
    return f"{stage}_{block.removeprefix('block')}_{kind}"


IMAGENET_MEANS = (103.939, 116.779, 123.68)
# Keys: our network, and the name of the first layer in the file.
PUBLISHED_WEIGHTS = {
    ("vgg16", "block1_conv1"): PublishedWeights("Keras' VGG16, ImageNet", IMAGENET_MEANS),
    ("vgg16", "conv1_1"): PublishedWeights(
        "keras-vggface's VGG16, VGGFace", (93.5940, 104.7624, 129.1863),
        ours=lambda name: name.replace("_conv", "_").replace("block", "conv"),
    ),
    ("resnet50", "conv1_conv"): PublishedWeights(
        "Keras' ResNet50, ImageNet", IMAGENET_MEANS,
        normalisation=lambda name: name.replace("_conv", "_bn"), epsilon=1.001e-5,
    ),
    ("resnet50", "conv1/7x7_s2"): PublishedWeights(
        "keras-vggface's ResNet50, VGGFace2", (91.4953, 103.8827, 131.0912),
        ours=_vggface_resnet, normalisation=lambda name: f"{name}/bn",
    ),
    ("mobile", "conv1"): PublishedWeights("Keras' MobileNet, ImageNet", None),
}  # fmt: skip


def imagenet_weights(network: str) -> Layers:
    """ImageNet's weights for a network, downloaded by Keras into its cache.

    Raises:
        BadInput: there are none for this network.
        MaitredError: they cannot be downloaded.
    """
    makers = {
        "vgg16": keras.applications.VGG16,
        "resnet50": keras.applications.ResNet50,
        "mobile": keras.applications.MobileNet,
    }
    if network not in makers:
        raise BadInput(f"{network} is trained from scratch: leave out --weights")
    try:
        model = makers[network](include_top=False, weights="imagenet")
    except Exception as error:  # Keras raises a bare Exception if the download fails
        raise MaitredError(
            f"ImageNet's weights cannot be downloaded ({error}); without a network, give --weights a file"
            " (docs/training.md says where from)"
        ) from error
    return {layer.name: {weight.name: weight.numpy() for weight in layer.weights} for layer in model.layers}


def fold_normalisation(layers: Layers, network: str, names: list[str]) -> tuple[Layers, str]:
    """Our layers ``names``, each with a kernel and a bias, for RGB / 255, and a description of the weights.

    Raises:
        BadInput: the layers are of no known origin for this network, or one is missing; the message names it.
    """
    origin = next(
        (known for (name, first), known in PUBLISHED_WEIGHTS.items() if name == network and first in layers), None
    )
    if origin is None:
        firsts = ", ".join(first for name, first in PUBLISHED_WEIGHTS if name == network) or "none known"
        raise BadInput(f"no weights for {network}: the first layer should be one of {firsts}; it has {few(layers)}")
    found: Layers = {}
    for name in names:
        source = origin.ours(name)
        if source not in layers:
            raise BadInput(f"{origin.about}: layer {source!r} is missing, which {network} needs as {name!r}")
        found[name] = _without_normalisation(layers[source], layers.get(origin.normalisation(source)), origin.epsilon)
    first = names[0]
    found[first] = for_rgb(found[first], origin.means)
    return found, origin.about


def _without_normalisation(
    convolution: dict[str, np.ndarray], norm: dict[str, np.ndarray] | None, epsilon: float
) -> dict[str, np.ndarray]:
    # Found by shape, because kernels have several names in published files.
    kernel = next(array for array in convolution.values() if array.ndim == 4)
    depthwise = kernel.shape[3] == 1
    none = np.zeros(kernel.shape[2 if depthwise else 3], np.float32)
    bias = next((array for array in convolution.values() if array.ndim == 1), none)
    if norm:
        scale = norm["gamma"] / np.sqrt(norm["moving_variance"] + epsilon)
        kernel = kernel * (scale[:, None] if depthwise else scale)
        bias = (bias - norm["moving_mean"]) * scale + norm["beta"]
    return {"kernel": kernel, "bias": bias}


def for_rgb(first: dict[str, np.ndarray], means: tuple[float, float, float] | None) -> dict[str, np.ndarray]:
    """A first convolution for RGB / 255, from one for BGR minus ``means`` or, if None, for RGB in -1..1."""
    kernel, bias = first["kernel"], first["bias"]
    if means is None:
        return {"kernel": kernel * 2, "bias": bias - kernel.sum((0, 1, 2))}
    shifted = bias - (kernel * np.array(means)[:, None]).sum((0, 1, 2))
    return {"kernel": kernel[:, :, ::-1] * 255, "bias": shifted}
