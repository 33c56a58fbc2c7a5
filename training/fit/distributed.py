"""Distributed training: each worker computes its part of each batch, and all apply the same averaged gradients."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from edge.errors import BadInput

EXAMPLE = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'


class SingleWorker:
    """Training in a single process, with nothing to synchronise."""

    index = 0
    count = 1

    def mean(self, gradients: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
        """The gradients averaged over all workers; call it inside the traced training step."""
        return gradients

    def broadcast(self, variables: Sequence[tf.Variable]) -> None:
        """Set the variables of every worker to those of the first worker."""

    def average(self, variables: Sequence[tf.Variable]) -> None:
        """Set variables that differ between workers to their average."""


class MultiWorker(SingleWorker):
    """The workers of ``TF_CONFIG``, by ``tf.distribute.MultiWorkerMirroredStrategy``; the first one is the chief.

    Each process has its own variables. They stay equal because all workers start from the chief's values and apply the
    same averaged gradients; therefore the optimisers and their moving averages stay equal as well.

    Raises:
        BadInput: ``TF_CONFIG`` is missing or cannot be used.
    """

    def __init__(self) -> None:
        text = os.environ.get("TF_CONFIG")
        if not text:
            raise BadInput(f"--strategy multiworker needs the variable TF_CONFIG on every worker, such as {EXAMPLE}")
        try:
            config = json.loads(text)
            workers, self.index = list(config["cluster"]["worker"]), int(config["task"]["index"])
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"TF_CONFIG: {error!r} in {text}; it should look like {EXAMPLE}") from error
        if config["task"].get("type") != "worker" or not 0 <= self.index < len(workers):
            raise BadInput(f"TF_CONFIG: no such worker as {config['task']} among {workers}; see {EXAMPLE}")
        self.count = len(workers)
        self._strategy = tf.distribute.MultiWorkerMirroredStrategy()

    def mean(self, gradients: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
        """The average over all workers. Every worker must call it equally often, or the others wait forever."""
        return self._reduced(tf.distribute.ReduceOp.MEAN, gradients)

    def broadcast(self, variables: Sequence[tf.Variable]) -> None:
        """Set the variables of every worker to the chief's, whatever their type."""
        # float64 holds every float32 and every step count exactly; the other workers add zero.
        own = [tf.cast(variable, tf.float64) * (1.0 if self.index == 0 else 0.0) for variable in variables]
        reduce = tf.function(lambda *values: self._reduced(tf.distribute.ReduceOp.SUM, values))
        for variable, value in zip(variables, reduce(*own), strict=True):
            variable.assign(tf.cast(value, variable.dtype))

    def average(self, variables: Sequence[tf.Variable]) -> None:
        """Set variables that differ between workers to their average."""
        average = tf.function(lambda *values: self._reduced(tf.distribute.ReduceOp.MEAN, values))
        if variables:
            for variable, value in zip(variables, average(*variables), strict=True):
                variable.assign(value)

    def _reduced(self, operation: tf.distribute.ReduceOp, values: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        def on_this_worker(*parts: tf.Tensor) -> Any:
            # Copies, because the strategy needs a device on every value, and only tensors made in here have one.
            return tf.distribute.get_replica_context().all_reduce(operation, [tf.identity(part) for part in parts])

        return list(self._strategy.run(on_this_worker, args=tuple(values)))
