"""A clear error if TensorFlow or another library of the extras ``training`` and ``convert`` is not installed."""

from __future__ import annotations

from importlib.util import find_spec

from edge.errors import MaitredError


def require_installed(extra: str, *modules: str) -> None:
    """Make sure that the modules can be imported, without importing them (TensorFlow takes seconds).

    Raises:
        MaitredError: one is not installed; the message names the ``extra`` of maitred that installs it.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise MaitredError(f"{', '.join(missing)}: not installed; install it with pip install 'maitred[{extra}]'")
