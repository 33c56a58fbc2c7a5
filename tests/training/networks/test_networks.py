"""The networks: shapes, and the deployed form compared with the trained one."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from convert.quantise import convert_silently
from edge.benchmark.macs import count_macs
from edge.errors import BadInput, MaitredError
from training.networks.checkpoint import load_network
from training.networks.registry import NETWORKS
from training.networks.table1 import table1, table1_deployed

pytestmark = pytest.mark.slow


def unsettled(seed: int = 3, paper_head: bool = False) -> keras.Model:
    """Table I with random normalisation statistics, as after training."""
    keras.utils.set_random_seed(seed)
    model = table1(paper_head=paper_head)
    rng = np.random.default_rng(seed)
    for index in range(1, 6):
        norm = model.get_layer(f"norm{index}")
        shape = norm.gamma.shape
        norm.set_weights([
            rng.uniform(0.3, 2.0, shape), rng.normal(0, 0.3, shape),
            rng.normal(0, 0.2, shape), rng.uniform(0.02, 0.5, shape),
        ])  # fmt: skip
    return model


@pytest.fixture(scope="module")
def trained() -> keras.Model:
    return unsettled()


@pytest.fixture(scope="module")
def deployed(trained) -> keras.Model:
    return table1_deployed(trained)


def test_the_training_form_has_the_layers_of_the_table(trained):
    filters = [layer.filters for layer in trained.layers if isinstance(layer, layers.SeparableConv2D)]
    units = [layer.units for layer in trained.layers if isinstance(layer, layers.Dense)]
    assert filters == [64, 128, 128, 256, 256]
    assert units == [128, 64, 32, 101, 1]
    assert trained.input_shape == (None, 180, 180, 3)
    assert trained.output_shape == [(None, 101), (None, 1)]
    assert trained.get_layer("relu5").output.shape[1:] == (3, 3, 256)


def test_the_deployed_form_has_only_the_papers_blocks(deployed):
    kinds = [type(layer).__name__ for layer in deployed.layers if not isinstance(layer, layers.InputLayer)]
    # A separable convolution appears as two layers.
    assert kinds == ["DepthwiseConv2D", "Conv2D", "MaxPooling2D"] * 5 + ["Flatten"] + ["Dense"] * 5
    for layer in deployed.layers:
        if type(layer) is layers.Conv2D or layer.name in ("dense128", "dense64", "dense32"):
            assert layer.activation is keras.activations.relu
        if isinstance(layer, layers.DepthwiseConv2D):
            assert layer.activation is keras.activations.linear
    assert deployed.input_shape == (1, 180, 180, 3)
    assert deployed.output_shape == [(1, 101), (1, 1)]


def test_the_deployed_form_computes_the_same_function(trained, deployed):
    rng = np.random.default_rng(0)
    for faces in (rng.random((1, 180, 180, 3)), np.zeros((1, 180, 180, 3)), np.ones((1, 180, 180, 3))):
        faces = faces.astype(np.float32)
        for before, after in zip(trained(faces, training=False), deployed(faces, training=False), strict=True):
            before = before.numpy()
            assert np.abs(before).max() > 1e-3  # otherwise any two networks without signal would agree
            assert np.abs(before - after.numpy()).max() < 1e-4 * max(1.0, np.abs(before).max())


def test_the_papers_single_output_is_the_mean_of_the_age_distribution():
    trained = unsettled(paper_head=True)
    faces = np.random.default_rng(0).random((1, 180, 180, 3), np.float32)
    years = keras.Model(trained.input, trained.get_layer("years").output)
    expected = lambda logits: float(np.asarray(keras.ops.softmax(logits))[0] @ np.arange(101))  # noqa: E731
    for age in (0.0, 7.0, 40.0, 90.0):
        weights, bias = trained.get_layer("years").get_weights()
        trained.get_layer("years").set_weights([weights * 0, bias * 0 + age])
        assert float(years(faces)[0, 0]) == age
        found = expected(trained(faces)[0])
        # Near 0 and 100 the normal distribution is cut off, which moves its mean inwards.
        assert found == pytest.approx(age, abs=0.01 if 20 < age < 80 else 5)
        deployed = table1_deployed(trained)
        assert deployed.name == "table1_paper"
        assert expected(deployed(faces)[0]) == pytest.approx(found, abs=1e-3)
    # A ReLU gives no negative ages.
    trained.get_layer("years").set_weights([weights * 0, bias * 0 - 3])
    assert float(years(faces)[0, 0]) == 0


def test_the_layer_behind_the_single_output_is_not_trained():
    trained = table1(paper_head=True)
    assert "age_logits" not in {weight.path.split("/")[0] for weight in trained.trainable_weights}
    assert "years" in {weight.path.split("/")[0] for weight in trained.trainable_weights}


def test_a_negative_scale_is_refused_and_training_keeps_it_positive():
    model = unsettled()
    norm = model.get_layer("norm1")
    gamma = norm.gamma.numpy()
    gamma[0] = -gamma[0]
    assert norm.gamma_constraint(gamma).numpy().min() == pytest.approx(1e-3)
    norm.gamma.assign(gamma)
    with pytest.raises(MaitredError, match="norm1 has a negative scale"):
        table1_deployed(model)


def macs_of(model: keras.Model) -> int:
    return count_macs(convert_silently(tf.lite.TFLiteConverter.from_keras_model(model)))


def test_multiply_accumulates_agree_with_a_count_by_hand(deployed):
    # Side and channels into and out of each 3x3 convolution ("valid"), then pooling halves and rounds down.
    by_hand = 0
    for side, before, after in ((178, 3, 64), (87, 64, 128), (41, 128, 128), (18, 128, 256), (7, 256, 256)):
        by_hand += side * side * (9 * before + before * after)
    by_hand += 3 * 3 * 256 * 128 + 128 * 64 + 64 * 32 + 32 * 101 + 32 * 1
    assert macs_of(deployed) == by_hand


def test_multiply_accumulates_of_other_convolutions():
    inputs = keras.Input((10, 8, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same")(inputs)  # 5x4 positions of 3*3*3*4
    x = layers.DepthwiseConv2D(3, padding="same")(x)  # 5x4 positions of 3*3*4
    x = layers.Dense(7)(layers.GlobalAveragePooling2D()(x))
    assert macs_of(keras.Model(inputs, x)) == 20 * 108 + 20 * 36 + 4 * 7


def test_a_saved_network_is_loaded_and_computes_the_same(trained, tmp_path):
    trained.save(tmp_path / "model.keras")
    face = np.random.default_rng(1).random((1, 180, 180, 3), np.float32)
    for before, after in zip(trained(face), load_network(tmp_path / "model.keras")(face), strict=True):
        assert np.array_equal(before.numpy(), after.numpy())


def test_a_file_that_is_not_one_of_our_networks_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"gone\.keras: no such Keras file"):
        load_network(tmp_path / "gone.keras")
    (tmp_path / "broken.keras").write_bytes(b"PK no zip")
    with pytest.raises(BadInput, match=r"broken\.keras: not a Keras model"):
        load_network(tmp_path / "broken.keras")
    other = keras.Sequential([keras.Input((4,)), layers.Dense(1)], name="other")
    other.save(tmp_path / "other.keras")
    with pytest.raises(BadInput, match=f"a network called 'other'; known: {', '.join(NETWORKS)}"):
        load_network(tmp_path / "other.keras")
