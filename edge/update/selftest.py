"""The self-test of a release, run by its own code beside the release in use, before the switch."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from edge.config import load_settings
from edge.errors import MaitredError
from edge.store.database import newest_schema
from edge.vision.bundle import load_bundle, shipped_models
from edge.vision.model_sandbox import check_in_sandbox
from edge.vision.self_check import runs_as_verified


def self_test(config: Path) -> dict[str, str | int]:
    """Load the configuration, and run each shipped model and those that are configured.

    Returns:
        ``version`` of maitred; ``schema``, the newest version of the database's schema that it knows; ``database``, the
        path in the configuration.

    Raises:
        BadInput: the configuration cannot be used with this release.
        MaitredError: a model does not run here as it was verified.
    """
    settings = load_settings(config)
    for name in sorted({*shipped_models(), settings.detection.model, settings.demographics.model}):
        bundle = check_in_sandbox(load_bundle(name))
        if runs_as_verified(bundle.card, bundle.interpreter(1)) is False:
            raise MaitredError(f"the outputs of the model {name} are different here from when it was verified")
    return {"version": version("maitred"), "schema": newest_schema(), "database": str(settings.store.path)}
