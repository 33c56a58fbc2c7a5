"""Saying in plain words that TensorFlow is not installed: training and conversion are extras."""

from __future__ import annotations

from importlib.util import find_spec

from edge.errors import MaitredError


def require_installed(extra: str, *modules: str) -> None:
    """Make sure that the modules can be imported, without importing them (TensorFlow takes seconds).

    Raises:
        MaitredError: one is not installed; the message names the ``extra`` of maitred that brings it.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise MaitredError(f"{', '.join(missing)}: not installed; install it with pip install 'maitred[{extra}]'")
