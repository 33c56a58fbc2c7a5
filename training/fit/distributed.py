"""Training on several machines at once: every worker sees its part of each batch, and all apply the same gradients."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from edge.errors import BadInput

EXAMPLE = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'


class SingleWorker:
    """One process: nobody to agree with."""

    index = 0
    count = 1

    def mean(self, gradients: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
        """The gradients that all workers apply; to be called where a step is traced."""
        return gradients

    def broadcast(self, variables: Sequence[tf.Variable]) -> None:
        """Give every worker the first one's values."""

    def average(self, variables: Sequence[tf.Variable]) -> None:
        """Set variables that each worker has changed in its own way to their average."""


class MultiWorker(SingleWorker):
    """The workers of ``TF_CONFIG``, by ``tf.distribute.MultiWorkerMirroredStrategy``; the first one is the chief.

    Variables stay each process's own. What makes them equal is that all start from the chief's values and apply the
    same averaged gradients, so the optimiser and its averages agree as well.

    Raises:
        BadInput: ``TF_CONFIG`` is missing or says nothing that can be used.
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
        """The average over all workers. Every worker must call it as often as the others, or they wait for it."""
        return self._reduced(tf.distribute.ReduceOp.MEAN, gradients)

    def broadcast(self, variables: Sequence[tf.Variable]) -> None:
        """Give every worker the chief's values, whatever their type."""
        # Sums of float64 hold every float32 and every count of steps exactly; the others add nothing.
        own = [tf.cast(variable, tf.float64) * (1.0 if self.index == 0 else 0.0) for variable in variables]
        reduce = tf.function(lambda *values: self._reduced(tf.distribute.ReduceOp.SUM, values))
        for variable, value in zip(variables, reduce(*own), strict=True):
            variable.assign(tf.cast(value, variable.dtype))

    def average(self, variables: Sequence[tf.Variable]) -> None:
        """Set variables that each worker has changed in its own way to their average."""
        average = tf.function(lambda *values: self._reduced(tf.distribute.ReduceOp.MEAN, values))
        if variables:
            for variable, value in zip(variables, average(*variables), strict=True):
                variable.assign(value)

    def _reduced(self, operation: tf.distribute.ReduceOp, values: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        def on_this_worker(*parts: tf.Tensor) -> Any:
            # Copies, because only what is made in here has the device that the strategy asks every value for.
            return tf.distribute.get_replica_context().all_reduce(operation, [tf.identity(part) for part in parts])

        return list(self._strategy.run(on_this_worker, args=tuple(values)))
