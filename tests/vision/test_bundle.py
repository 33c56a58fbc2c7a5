"""Damaged, foreign and contradictory bundles are refused by name, and never cause another kind of error."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.errors import BadInput
from edge.vision.bundle import Bundle, load_bundle, shipped_models, with_model_digest, write_bundle
from edge.vision.demographics import DemographicsEstimator
from edge.vision.detector import FaceDetector
from tests.bundles import file_content


def archive(name: str, content: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as files:
        files.writestr(name, content)
    return out.getvalue()


def flatbuffer(name: str) -> bytes:
    content = file_content(name)
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        return content[: files.infolist()[0].header_offset]


def with_card(change: Callable[[dict], object]) -> bytes:
    """The shipped Table 1 model with its card changed."""
    values = json.loads(CARD)
    change(values)
    return flatbuffer("table1") + archive("card.json", json.dumps(values).encode())


def damaged_deflate(card: bytes) -> bytes:
    packed = bytearray(archive("card.json", card, zipfile.ZIP_DEFLATED))
    packed[60:90] = b"\xff" * 30
    return bytes(packed)


@pytest.mark.parametrize("name", shipped_models())
def test_a_shipped_bundle_is_sound_and_survives_being_written_again(name: str, tmp_path: Path):
    bundle = load_bundle(name)
    bundle.interpreter(1)
    content = file_content(name)
    assert bundle.model == flatbuffer(name)
    assert (bundle.size, bundle.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    write_bundle(tmp_path / "again.tflite", bundle.model, bundle.card)
    again = load_bundle(str(tmp_path / "again.tflite"))
    assert again.card == bundle.card
    again.interpreter(1)
    assert [path.name for path in tmp_path.iterdir()] == ["again.tflite"]


def test_a_bundle_written_twice_is_the_same_and_any_zip_reader_sees_its_card(tmp_path: Path):
    model = b"\x00" * 4 + b"TFL3" + b"\x00" * 64
    card = with_model_digest(load_bundle("table1").card, model)
    for name in ("a", "b"):
        write_bundle(tmp_path / name, model, card)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as files:
        assert json.loads(files.read("card.json"))["name"] == "table1"
    assert load_bundle(str(tmp_path / "a")).card == card


def test_a_file_cut_short_anywhere_is_refused_by_name(tmp_path: Path):
    content = file_content("table1")
    path = tmp_path / "cut.tflite"
    for length in [*range(0, len(content), len(content) // 16), *range(len(content) - 90, len(content), 9)]:
        path.write_bytes(content[:length])
        with pytest.raises(BadInput, match=r"cut\.tflite"):
            load_bundle(str(path))


def test_flipped_bytes_in_the_card_always_give_a_clear_error(tmp_path: Path):
    content = file_content("table1")
    start = len(flatbuffer("table1"))
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(300):
        broken = bytearray(content)
        # Half of them where the archive's directory is: there damage does most harm.
        low = start if rng.random() < 0.5 else len(content) - 80
        for place in rng.integers(low, len(content), 3):
            broken[place] ^= int(rng.integers(1, 256))
        path = tmp_path / "flipped.tflite"
        path.write_bytes(broken)
        try:
            load_bundle(str(path))
        except BadInput as error:
            refused += 1
            assert "flipped.tflite" in str(error)
    assert refused > 250


CARD = json.dumps(load_bundle("table1").card.model_dump(mode="json")).encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(lambda: b"just text, no model", "not a TFLite model", id="text"),
        pytest.param(lambda: flatbuffer("table1"), "without a readable card", id="no card"),
        pytest.param(lambda: archive("card.json", CARD), "not a TFLite model", id="only a zip"),
        pytest.param(lambda: flatbuffer("table1") + archive("x.json", CARD), "without a readable", id="another's zip"),
        pytest.param(lambda: flatbuffer("table1") + damaged_deflate(CARD), "readable card", id="damaged packing"),
        pytest.param(lambda: flatbuffer("table1") + archive("card.json", b"{"), "not valid", id="no JSON"),
        pytest.param(lambda: flatbuffer("table1") + archive("card.json", b"\xff\xfe"), "not valid", id="no text"),
        pytest.param(lambda: flatbuffer("table1") + archive("card.json", b"[]"), "schema None", id="a list"),
        pytest.param(lambda: flatbuffer("table1") + archive("card.json", b"[" * 99_999), "not valid", id="too deep"),
        pytest.param(
            lambda: flatbuffer("table1") + archive("card.json", b" " * (5 << 20)), "too large", id="a huge card"
        ),
        pytest.param(lambda: with_card(lambda card: card.update(schema_version=2)), "schema 2", id="another schema"),
        pytest.param(lambda: with_card(lambda card: card.update(surprise=1)), "surprise", id="unknown field"),
        pytest.param(lambda: with_card(lambda card: card["outputs"].pop()), "lacks", id="an output is missing"),
    ],
)
def test_a_foreign_file_is_refused_with_the_reason(tmp_path: Path, content: Callable[[], bytes], reason: str):
    path = tmp_path / "foreign.tflite"
    path.write_bytes(content())
    with pytest.raises(BadInput, match=rf"(?s)foreign\.tflite.*{reason}"):
        load_bundle(str(path))


def changed(name: str, *keys: str | int, to: object) -> Bundle:
    """The shipped model with one value of its card changed."""
    bundle = load_bundle(name)
    values = copy.deepcopy(bundle.card.model_dump(mode="json"))
    place = values
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = to
    return Bundle(type(bundle.card).model_validate(values), bundle.model, bundle.sha256)


@pytest.mark.parametrize(
    ("name", "keys", "value"),
    [
        pytest.param("table1", ("input", "height"), 181, id="input size"),
        pytest.param("table1", ("input", "dtype"), "int8", id="input type"),
        pytest.param("table1", ("outputs", 0, "index"), 9, id="no such output"),
        pytest.param("table1", ("outputs", 0, "index"), 1, id="outputs swapped"),
        pytest.param("table1", ("outputs", 0, "zero_point"), 6, id="zero point"),
        pytest.param("table1", ("outputs", 1, "scale"), 0.1422, id="scale"),
        pytest.param("table1", ("outputs", 1, "dtype"), "uint8", id="output type"),
        pytest.param("table1", ("outputs", 1, "name"), "gender_logit", id="101 values for a gender"),
        pytest.param("face", ("anchors", "cells"), [23], id="fewer anchors than boxes"),
        pytest.param("face", ("outputs", 0, "shape"), [1, 2304, 4], id="an output of another width"),
    ],
)
def test_a_card_that_contradicts_the_model_is_refused(name: str, keys: tuple, value: object):
    with pytest.raises(BadInput, match=name):
        changed(name, *keys, to=value).interpreter(1)


@pytest.mark.parametrize(
    ("name", "keys", "value"),
    [
        pytest.param("table1", ("crop",), None, id="no crop"),
        pytest.param("face", ("anchors",), None, id="no anchors"),
        pytest.param("face", ("anchors", "per_cell"), [1, 2], id="anchors of a layer that is not there"),
        pytest.param("table1", ("task",), "age-of-wine", id="an unknown task"),
        pytest.param("table1", ("name",), "../../etc", id="a name that is a path"),
        pytest.param("table1", ("input", "scale"), 0, id="scale 0"),
        pytest.param("table1", ("input", "scale"), float("nan"), id="scale not a number"),
    ],
)
def test_a_card_with_impossible_values_is_refused(tmp_path: Path, name: str, keys: tuple, value: object):
    values = load_bundle(name).card.model_dump(mode="json")
    place = values
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path = tmp_path / "odd.tflite"
    path.write_bytes(flatbuffer(name) + archive("card.json", json.dumps(values).encode()))
    with pytest.raises(BadInput, match=r"odd\.tflite"):
        load_bundle(str(path))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("x" * 5000, id="too long"),
        pytest.param("a\0b", id="a zero byte"),
        "",
        ".",
        "no/such/file",
        "nobody",
    ],
)
def test_an_unknown_model_name_gives_an_error_that_lists_the_shipped_models(name: str):
    with pytest.raises(BadInput, match=rf"{re.escape(name)}.*shipped: .*face.*mobile.*table1"):
        load_bundle(name)


@pytest.mark.parametrize(
    ("build", "name"),
    [pytest.param(FaceDetector, "table1", id="detector"), pytest.param(DemographicsEstimator, "face", id="estimator")],
)
def test_a_model_for_another_task_is_refused_by_name(build: Callable[[Bundle], object], name: str):
    with pytest.raises(BadInput, match=rf"^{name}: .*needed"):
        build(load_bundle(name))


def test_a_bundle_is_printed_in_one_line():
    assert re.fullmatch(r"Bundle\('table1', version \S+, demographics, \d{6,} bytes\)", repr(load_bundle("table1")))
