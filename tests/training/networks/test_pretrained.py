"""Published trunks compute the same in our form, whatever their layer names and normalisation."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest

from edge.errors import BadInput
from training.networks import pretrained
from training.networks.heads import HEADS
from training.networks.pretrained import PUBLISHED_WEIGHTS, Layers, fold_normalisation, for_rgb
from training.networks.registry import NETWORKS

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(7)
PUBLISHED = {
    "vgg16": keras.applications.VGG16, "resnet50": keras.applications.ResNet50, "mobile": keras.applications.MobileNet,
}  # fmt: skip


def lively(model: keras.Model) -> keras.Model:
    """Random weights of every kind, so that no normalisation is the identity."""
    for weight in model.weights:
        if weight.name == "moving_variance":
            weight.assign(RNG.uniform(0.5, 2, weight.shape))
        elif weight.name in ("gamma", "beta", "moving_mean", "bias"):
            weight.assign(
                RNG.uniform(0.2, 0.6, weight.shape) if weight.name == "gamma" else RNG.normal(0, 0.1, weight.shape)
            )
    return model


def layers_of(model: keras.Model) -> Layers:
    return {layer.name: {weight.name: weight.numpy() for weight in layer.weights} for layer in model.layers}


def as_vggface(layers: Layers, network: str) -> Layers:
    """The same layers under keras-vggface's names."""
    origin = PUBLISHED_WEIGHTS[network, "conv1_1" if network == "vgg16" else "conv1/7x7_s2"]
    renamed: Layers = {}
    for name, arrays in layers.items():
        if "kernel" in arrays:
            renamed[origin.ours(name)] = arrays
            if network == "resnet50":
                renamed[origin.normalisation(origin.ours(name))] = layers[name.replace("_conv", "_bn")]
    return renamed


@pytest.mark.parametrize(
    ("network", "first"), [pytest.param(*key, id=f"{key[0]} by its {key[1]}") for key in PUBLISHED_WEIGHTS]
)
def test_a_published_trunk_computes_the_same_after_folding(
    network: str, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without an input offset, zero padding means the same in both forms, so they agree at the border too.
    origin = dataclasses.replace(PUBLISHED_WEIGHTS[network, first], means=(0.0, 0.0, 0.0))
    monkeypatch.setitem(pretrained.PUBLISHED_WEIGHTS, (network, first), origin)
    ours = NETWORKS[network](dropout=0.0)
    size = int(ours.input_shape[1])
    theirs = lively(PUBLISHED[network](include_top=False, weights=None, input_shape=(size, size, 3), pooling="avg"))
    layers = layers_of(theirs)
    if first in ("conv1_1", "conv1/7x7_s2"):
        layers = as_vggface(layers, network)
        if network == "resnet50":  # keras-vggface uses a different epsilon from Keras
            monkeypatch.setitem(
                pretrained.PUBLISHED_WEIGHTS, (network, first), dataclasses.replace(origin, epsilon=1.001e-5)
            )
    wanted = [layer.name for layer in ours.layers if layer.weights and layer.name not in HEADS]
    for name, arrays in fold_normalisation(layers, network, wanted)[0].items():
        ours.get_layer(name).set_weights(list(arrays.values()))
    faces = RNG.random((1, size, size, 3), np.float32)
    expected = np.asarray(theirs(faces[..., ::-1] * 255))
    pooled = np.asarray(keras.Model(ours.input, ours.get_layer("pool").output)(faces))
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(pooled, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("means", "prepared"),
    [
        pytest.param((104, 117, 124), lambda rgb: rgb[..., ::-1] * 255 - [104, 117, 124], id="BGR minus means"),
        pytest.param(None, lambda rgb: rgb * 2 - 1, id="RGB in -1..1"),
    ],
)  # fmt: skip
def test_the_preprocessing_is_folded_into_the_first_layer(means, prepared) -> None:  # type: ignore[no-untyped-def]
    kernel, bias = RNG.normal(0, 0.1, (3, 3, 3, 4)), RNG.normal(0, 1, 4)
    patch = RNG.random((3, 3, 3))
    expected = np.einsum("hwi,hwio->o", prepared(patch), kernel) + bias
    layer = for_rgb({"kernel": kernel, "bias": bias}, means)
    np.testing.assert_allclose(np.einsum("hwi,hwio->o", patch, layer["kernel"]) + layer["bias"], expected, rtol=1e-9)


def test_weights_of_another_network_are_refused_naming_the_expected_layer() -> None:
    with pytest.raises(BadInput, match="no weights for vgg16: the first layer should be one of block1_conv1, conv1_1"):
        fold_normalisation({"stem": {}}, "vgg16", ["block1_conv1"])


def test_a_missing_layer_is_named_as_in_the_file_and_as_in_the_network() -> None:
    first = {"kernel": np.zeros((3, 3, 3, 64)), "bias": np.zeros(64)}
    with pytest.raises(BadInput, match="'conv1_2' is missing, which vgg16 needs as 'block1_conv2'"):
        fold_normalisation({"conv1_1": first}, "vgg16", ["block1_conv1", "block1_conv2"])
