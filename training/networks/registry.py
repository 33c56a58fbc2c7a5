"""The networks by name, each a function in a module of its own, and the form in which they are deployed.

All take float32 RGB / 255, (batch, size, size, 3), and have two outputs. ``age_logits`` is (batch, 101), one logit per
year from 0 to 100: its softmax is the distribution of the apparent age. ``gender_logit`` is (batch, 1): its sigmoid is
P(female).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras

from edge.errors import BadInput
from training.networks.mobile import mobile
from training.networks.resnet50 import resnet50
from training.networks.table1 import table1, table1_deployed
from training.networks.vgg16 import vgg16


def deployed(trained: keras.Model) -> keras.Model:
    """The same function as ``trained``, for one face at a time and without the parts that only training needs.

    Raises:
        BadInput: ``trained`` has other layers than the network of its name.
        MaitredError: see :func:`table1_deployed`.
    """
    try:
        return _rebuilt(trained)
    except ValueError as error:
        raise BadInput(wrong_layers_message(trained.name, error)) from error


def wrong_layers_message(name: str, error: ValueError) -> str:
    """The message about a network that has one of our names but other layers; Keras names the layer."""
    return f"a network called {name!r} that is not built as maitred train builds it: {error}"


def _rebuilt(trained: keras.Model) -> keras.Model:
    if trained.name.startswith("table1"):
        return table1_deployed(trained)
    model = NETWORKS[trained.name](dropout=0.0, batch_size=1)
    for layer in model.layers:
        layer.set_weights(trained.get_layer(layer.name).get_weights() if layer.weights else [])
    return model


NETWORKS: dict[str, Callable[..., keras.Model]] = {
    "table1": table1,
    "table1_paper": partial(table1, paper_head=True),
    "vgg16": vgg16,
    "vgg16_frozen": partial(vgg16, paper_head=True),
    "resnet50": resnet50,
    "resnet50_frozen": partial(resnet50, paper_head=True),
    "mobile": mobile,
}
