"""The paper's transfer learning: the pretrained trunk stays frozen, small dense layers are trained on its features."""

from __future__ import annotations

import json
import logging
import platform
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from edge.errors import BadInput
from edge.system.atomic_files import replace_file
from training.data.batches import cached_faces, loss_targets
from training.data.dataset import Dataset, Sample, Split, read_dataset
from training.data.network_input import network_input
from training.fit.cached_outputs import cached_outputs
from training.fit.loss import loss_of
from training.fit.run_folder import check_same_run, open_run_folder
from training.fit.validation import NetworkOutputs, Validation, calibrate, fit_temperatures, validation_figures
from training.networks.heads import PAPER_DENSE, heads
from training.networks.load_weights import load_weights
from training.networks.registry import NETWORKS
from training.recipe import Recipe

log = logging.getLogger(__name__)
EPOCHS = 40
BATCH = 64
LEARNING_RATE = 1e-3


class FrozenTrunkRun:
    """Trains the paper's dense layers on the pooled features of the recipe's network, which starts from ``weights``.

    Features are computed once for each picture, without augmentation, and cached in ``out/cache``; a killed run
    continues after the last chunk. The weights of the epoch with the lowest validation loss are used.

    Raises:
        BadInput: the network has no frozen form, there are no weights, or ``data`` or ``out`` cannot be used.
    """

    def __init__(self, recipe: Recipe, data: Path, out: Path, resume: bool, weights: str | None) -> None:
        self.name = f"{recipe.network}_frozen"
        if self.name not in NETWORKS:
            raise BadInput(f"{recipe.network} has no frozen form; vgg16 and resnet50 have")
        if weights is None:
            raise BadInput("--frozen needs --weights: a frozen trunk with random weights is of no use")
        self.recipe, self.out = recipe, out
        earlier = open_run_folder(out, resume)
        keras.utils.set_random_seed(recipe.seed)
        self.trunk = NETWORKS[recipe.network]()
        start = load_weights(self.trunk, weights)
        dataset = read_dataset(data)
        log.info("%s", dataset.describe())
        facts = {
            "recipe": recipe.as_dict(), "frozen": True, "weights": start, "data": [dataset.facts],
            "versions": {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__},
            "command": sys.argv,
        }  # fmt: skip
        check_same_run(out, earlier, facts)
        key = f"{start['sha256'][:8]}-{dataset.sha256[:8]}"
        self._train, self._validation = (self._features(dataset, split, key) for split in ("train", "validation"))
        width = self._train[0].shape[1]
        inputs = keras.Input((width,), name="features")
        self.head = keras.Model(inputs, heads(layers.Dropout(recipe.dropout)(inputs), PAPER_DENSE))
        self.optimizer = keras.optimizers.AdamW(LEARNING_RATE, weight_decay=recipe.weight_decay)
        self.optimizer.build(self.head.trainable_variables)
        replace_file(out / "run.json", json.dumps(facts, indent=1).encode())

    def train(self) -> Path:
        """Train the dense layers; returns the path of the whole network, trunk and layers."""
        features, samples = self._train
        labels = loss_targets(samples, self.recipe)
        best, weights, lines = np.inf, self.head.get_weights(), []
        for epoch in range(1, EPOCHS + 1):
            order = np.random.default_rng((self.recipe.seed, epoch)).permutation(len(features))
            batches = np.array_split(order, max(1, len(order) // BATCH))
            for rows in batches:
                self._step(features[rows], {name: values[rows] for name, values in labels.items()})
            found = self._validate()
            line = {"epoch": epoch, "step": epoch * len(batches), **vars(found)}
            lines.append(json.dumps(line) + "\n")
            if found.loss < best:
                best, weights = found.loss, self.head.get_weights()
                log.info("epoch %d: validation age MAE %.3f, gender %.4f", epoch, found.age_mae, found.gender_accuracy)
        self.head.set_weights(weights)
        calibrate(self.head, fit_temperatures(self._outputs(), self._validation[1]))
        replace_file(self.out / "progress.jsonl", "".join(lines).encode())
        model = NETWORKS[self.name]()
        trained = {
            layer.name: layer for layer in (*self.trunk.layers, *self.head.layers)
        }  # the trained heads replace the trunk's
        for layer in model.layers:
            if layer.weights:
                layer.set_weights(trained[layer.name].get_weights())
        path = self.out / "model.keras"
        model.save(path)
        return path

    @tf.function(reduce_retracing=True)
    def _step(self, features: tf.Tensor, labels: dict[str, tf.Tensor]) -> None:
        with tf.GradientTape() as tape:
            loss = loss_of(self.head(features, training=True), labels, self.recipe)
        variables = self.head.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    def _validate(self) -> Validation:
        return validation_figures(self._outputs(), loss_targets(self._validation[1], self.recipe), self.recipe)

    def _outputs(self) -> NetworkOutputs:
        age, gender = (output.numpy() for output in self.head(self._validation[0], training=False))
        return NetworkOutputs(age, gender[:, 0])

    def _features(self, dataset: Dataset, split: Split, key: str) -> tuple[np.ndarray, list[Sample]]:
        """Pooled features float32 (n, channels) of one split, and its samples."""
        faces, samples, _ = cached_faces(dataset.of(split), self.out / "cache")
        if not samples:
            raise BadInput(f"no images in the {split} split; give more images")
        model = keras.Model(self.trunk.input, self.trunk.get_layer("pool").output)
        forward: Any = tf.function(lambda crops: model(crops, training=False), reduce_retracing=True)
        size = int(model.input_shape[1])

        def features(chunk: np.ndarray) -> np.ndarray:
            batches = (chunk[row : row + 32] for row in range(0, len(chunk), 32))
            return np.concatenate([forward(network_input(batch, size)).numpy() for batch in batches])

        return cached_outputs(faces, features, self.out / "cache", f"features-{key}-{split}"), samples
