"""docs/openapi-dashboard.json has what the code has, and whatever is asked, the answer is one that it describes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)

from edge.config import Settings, parse_settings
from edge.dashboard import create_app
from edge.dashboard.password import save_password
from edge.store import Store

from .conftest import NOON

pytestmark = pytest.mark.slow

DOCUMENT = json.loads(
    (Path(__file__).resolve().parents[2] / "docs" / "openapi-dashboard.json").read_text(encoding="utf-8")
)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=SchemathesisConfig())
BOUNDED = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def app(settings: Settings, lunch: Store) -> Flask:
    return create_app(settings, clock=lambda: NOON)


@pytest.fixture
def locked(settings: Settings, lunch: Store, tmp_path: Path) -> Flask:
    save_password(tmp_path / "password", "a password of some length")
    values = {"store": {"path": str(settings.store.path)}, "dashboard": {"password_file": str(tmp_path / "password")}}
    return create_app(parse_settings(values, "test"), clock=lambda: NOON)


def test_it_has_the_addresses_and_methods_of_the_code(locked: Flask):
    served = {
        (rule.rule.replace("<path:filename>", "{filename}"), method.lower())
        for rule in locked.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods} == served


def answer_is_described(case: schemathesis.Case, app: Flask, *excluded: object) -> None:
    answer = case.call(app=app)
    # Who may ask is tested in test_gate.py; which days are too early or too late, no schema can tell.
    known = [ignored_auth, unsupported_method, positive_data_acceptance, *excluded]
    case.validate_response(answer, excluded_checks=known)
    assert "Traceback" not in answer.text


@SCHEMA.exclude(path=["/login", "/logout"]).parametrize()
@BOUNDED
def test_whatever_is_asked_is_answered_as_described(case: schemathesis.Case, app: Flask):
    answer_is_described(case, app)


@SCHEMA.parametrize()
@BOUNDED
def test_whatever_a_stranger_asks_is_answered_as_described(case: schemathesis.Case, locked: Flask):
    answer_is_described(case, locked, negative_data_rejection)  # a stranger is refused whatever the data
