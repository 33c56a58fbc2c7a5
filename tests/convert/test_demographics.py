"""``maitred convert``: from a Keras file to a bundle that the agent loads."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from convert import demographics, tolerances
from edge.cli import main
from edge.errors import MaitredError
from edge.vision.bundle import Bundle, load_bundle, write_bundle
from edge.vision.self_check import outputs_sha256
from tests.faces import labelled_noise
from training.data.alignment_reference import CROP
from training.data.dataset import read_dataset
from training.networks.table1 import table1

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _few_representatives():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            demographics, "representative_faces", lambda samples, size, *_: REPRESENTATIVES(samples, size, count=6)
        )
        yield


REPRESENTATIVES = demographics.representative_faces


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return labelled_noise(tmp_path_factory.mktemp("data") / "faces", 40)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    keras.utils.set_random_seed(2)
    model = table1()
    # Untrained, the gender logit would be about zero, and INT8 could change its sign.
    model.get_layer("gender_logit").bias.assign([2.0])
    path = tmp_path_factory.mktemp("trained") / "model.keras"
    model.save(path)
    return path


@pytest.fixture(scope="module")
def converted(trained, data, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("bundles") / "new" / "table1.tflite"
    assert main(["convert", str(trained), "--data", str(data), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def bundle(converted) -> Bundle:
    return load_bundle(str(converted))


def convert(trained: Path, data: Path, out: Path) -> int:
    return main(["convert", str(trained), "--data", str(data), "--out", str(out)])


def test_the_card_says_where_the_model_comes_from(bundle, trained):
    card = bundle.card
    assert (card.name, card.task, card.schema_version) == ("table1", "demographics", 1)
    assert card.source_sha256 == hashlib.sha256(trained.read_bytes()).hexdigest()
    assert card.macs == 117_404_460  # counted by hand in tests/training/networks
    assert card.crop == CROP
    assert (card.input.width, card.input.height, card.input.dtype, card.input.colour) == (180, 180, "uint8", "RGB")
    assert "UTKFace" in card.training.data
    assert "non-commercial" in card.training.licence


def test_the_agent_accepts_the_bundle(bundle):
    interpreter = bundle.interpreter(1)
    assert [output.shape for output in interpreter.outputs] == [output.shape for output in bundle.card.outputs]


def test_the_card_holds_figures_of_both_models_on_both_splits(bundle, data):
    dataset = read_dataset(data)
    for kind in ("float", "int8"):
        for split in ("validation", "test"):
            figures = bundle.card.metrics[kind][split]
            assert figures["n"] == len(dataset.of(split)) > 0
            assert figures["slices"]["female"]["n"] + figures["slices"]["male"]["n"] == figures["n"]
    calibration = bundle.card.calibration
    assert calibration["split"] == "validation"
    assert np.sum(calibration["gender"]["matrix"]) == len(dataset.of("validation"))
    assert np.sum(calibration["age"]["matrix"]) == len(dataset.of("validation"))


@pytest.mark.parametrize("split", ["test", "validation"])
def test_evaluate_gives_the_figures_on_the_card(bundle, converted, data, capsys, split):
    assert main(["evaluate", str(converted), "--data", str(data), "--split", split, "--aligned", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["model"]["sha256"] == bundle.sha256
    on_card = bundle.card.metrics["int8"][split]
    assert set(on_card) > {"n", "age_mae", "gender_accuracy"}
    assert measured["confusion_matrix"] == on_card["confusion_matrix"]
    for name in set(on_card) - {"slices", "confusion_matrix"}:
        assert measured[name] == pytest.approx(on_card[name], abs=1e-6), name
    for group, figures in on_card["slices"].items():
        for name, value in figures.items():
            assert measured["slices"][group][name] == pytest.approx(value, abs=1e-6), (group, name)


def test_evaluate_of_the_keras_file_gives_the_float_figures(bundle, trained, data, capsys):
    assert main(["evaluate", str(trained), "--data", str(data), "--aligned", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    on_card = bundle.card.metrics["float"]["test"]
    assert measured["age_mae"] == pytest.approx(on_card["age_mae"], abs=1e-3)
    assert measured["confusion_matrix"] == on_card["confusion_matrix"]


def test_the_same_network_gives_the_same_bytes(converted, trained, data, tmp_path, capsys):
    assert convert(trained, data, tmp_path / "again.tflite") == 0
    assert (tmp_path / "again.tflite").read_bytes() == converted.read_bytes()
    # stdout has only the result, in one line.
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "again.tflite: " in out


@pytest.mark.parametrize("figure", ["age_mae", "gender_accuracy"])
def test_a_bundle_that_loses_too_much_is_not_written(bundle, trained, data, tmp_path, monkeypatch, capsys, figure):
    for name in ("quantise", "quantise_with_bias_correction"):
        monkeypatch.setattr(demographics, name, lambda *_: bundle.model)
    # A negative tolerance demands that INT8 is better than float by an impossible amount.
    strict = dataclasses.replace(tolerances.OVERALL, **{figure: -100.0})
    monkeypatch.setattr(tolerances, "OVERALL", strict)
    monkeypatch.setattr(tolerances, "ONE_FACE", -100.0)
    assert convert(trained, data, tmp_path / "x.tflite") == 1
    assert f"INT8 loses too much on the validation split: all: {figure}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_if_plain_quantisation_loses_too_much_bias_correction_is_tried(bundle, trained, data, tmp_path, monkeypatch):
    monkeypatch.setattr(tolerances, "_excesses", excesses := ExcessOnce())
    assert convert(trained, data, tmp_path / "x.tflite") == 0
    assert excesses.calls == 3  # plain on validation; corrected on validation and test
    assert load_bundle(str(tmp_path / "x.tflite")).model != bundle.model


class ExcessOnce:
    """Reports a loss beyond the tolerance the first time only."""

    calls = 0

    def __call__(self, *_):
        self.calls += 1
        return [("all", "gender lost" if self.calls == 1 else None)]


def test_the_card_has_the_results_of_the_verification(bundle):
    found = bundle.card.verification
    assert set(found) == {"tolerance", "agreement", "noisiest_layers", "runtimes", "edge_tpu"}
    assert found["edge_tpu"]["expected_to_map"] == found["edge_tpu"]["operators"] > 20
    assert bundle.card.model_sha256
    assert found["runtimes"]["outputs_sha256"] == outputs_sha256(bundle.interpreter(2))
    decibels = [layer["snr_db"] for layer in found["noisiest_layers"]]
    assert decibels == sorted(decibels)
    assert 0 <= found["agreement"]["age_years_median"] <= found["agreement"]["age_years_p95"]


def test_a_full_disk_is_named_and_leaves_nothing(bundle, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(MaitredError, match=r"x\.tflite: cannot be written \(.+\); make room"):
            write_bundle(tmp_path / "x.tflite", bundle.model, bundle.card)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=600k tmpfs "$1"
TMPDIR=$1 "$2" -m edge.cli convert "$3" --data "$4" --out "$5/x.tflite"
"$2" -m edge.cli convert "$3" --data "$4" --out "$1/x.tflite"
ls -A "$1" "$5"
"""


@pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0,
    reason="needs the right to mount a small disk",
)
def test_a_really_full_disk_is_reported_before_the_work(trained, data, tmp_path):
    disk, out = tmp_path / "disk", tmp_path / "out"
    disk.mkdir()
    out.mkdir()
    command = ["unshare", "-m", "sh", "-c", ON_A_SMALL_DISK, "-", disk, sys.executable, trained, data, out]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    messages = [line for line in done.stderr.splitlines() if line.startswith("maitred:")]
    assert len(messages) == 2, done.stderr
    for line, way in zip(messages, ("set TMPDIR to another folder", "give another --out"), strict=True):
        assert line.startswith(f"maitred: {disk}: 0.6 MB free where about ")
        assert line.endswith(f"are needed; make room or {way}")
    assert done.stdout.split() == [f"{disk}:", f"{out}:"]


def test_without_training_images_conversion_fails(trained, data, tmp_path, capsys):
    folder = tmp_path / "faces"
    folder.mkdir()
    for sample in read_dataset(data).of("validation", "test"):
        shutil.copy(sample.path, folder)
    assert convert(trained, folder, tmp_path / "out" / "x.tflite") == 1
    assert "no representative faces" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def test_weights_that_are_nan_leave_no_file(trained, data, tmp_path, capsys):
    model = keras.saving.load_model(trained)
    kernel, bias = model.get_layer("gender_logit").get_weights()
    kernel[0, 0] = np.nan
    model.get_layer("gender_logit").set_weights([kernel, bias])
    model.save(tmp_path / "nan.keras")
    assert convert(tmp_path / "nan.keras", data, tmp_path / "out" / "x.tflite") == 1
    assert "weights are not finite in gender_logit/kernel" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("name", ["table1", "mobile"])
def test_a_network_with_other_layers_is_refused_whatever_its_name(data, tmp_path, capsys, name):
    inputs = keras.Input((96, 96, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(8, 3, activation="gelu", name="odd")(inputs))
    heads = [keras.layers.Dense(101, name="age_logits")(x), keras.layers.Dense(1, name="gender_logit")(x)]
    keras.Model(inputs, heads, name=name).save(tmp_path / "odd.keras")
    assert convert(tmp_path / "odd.keras", data, tmp_path / "x.tflite") == 2
    error = capsys.readouterr().err
    assert f"a network called '{name}' that is not built as maitred train builds it" in error
    assert "conv1" in error
    assert not (tmp_path / "x.tflite").exists()


def test_a_damaged_keras_file_is_named(trained, data, tmp_path, capsys):
    content = bytearray(trained.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = b"\xff" * 2000
    (tmp_path / "damaged.keras").write_bytes(content)
    assert convert(tmp_path / "damaged.keras", data, tmp_path / "x.tflite") == 2
    assert "damaged.keras: not a Keras model that can be loaded" in capsys.readouterr().err


def test_a_dataset_with_labels_csv_is_described_as_such(bundle, trained, data, tmp_path, monkeypatch):
    for name in ("quantise", "quantise_with_bias_correction"):
        monkeypatch.setattr(demographics, name, lambda *_: bundle.model)
    folder = tmp_path / "own"
    labelled_noise(folder, 40)
    rows = [f"{path.name},{path.name.split('_')[0]},{path.name.split('_')[1]}" for path in sorted(folder.iterdir())]
    (folder / "labels.csv").write_text("file,age,gender\n" + "\n".join(rows) + "\n")
    assert convert(trained, folder, tmp_path / "own.tflite") == 0
    training = load_bundle(str(tmp_path / "own.tflite")).card.training
    assert training.data.startswith("40 images of a labels.csv")
    assert "UTKFace" not in training.data + training.licence


def test_figures_need_labels(trained, data, tmp_path, capsys):
    folder = labelled_noise(tmp_path / "faces", 40)
    names = [path.name for path in folder.iterdir()]
    (folder / "labels.csv").write_text("file,age,gender\n" + "".join(f"{name},30,\n" for name in names))
    assert convert(trained, folder, tmp_path / "x.tflite") == 2
    assert "no gender label in the validation split" in capsys.readouterr().err


def test_bad_input_is_named_before_any_work(trained, data, tmp_path, capsys):
    cases = {
        "gone.keras: no such Keras file": (tmp_path / "gone.keras", data, tmp_path / "x.tflite"),
        "nowhere: no such folder": (trained, tmp_path / "nowhere", tmp_path / "x.tflite"),
        "a folder; give a file name": (trained, data, tmp_path),
        "cannot write there": (trained, data, trained / "x.tflite"),
    }
    for message, arguments in cases.items():
        assert convert(*arguments) == 2
        assert message in capsys.readouterr().err
