"""``maitred evaluate`` on crops, on photos, without TensorFlow, and with bad input."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cli import main
from edge.vision.bundle import load_bundle
from edge.vision.card import Crop
from edge.vision.detection import Detection
from training.data.dataset import read_dataset
from training.evaluation import predictors
from training.evaluation.predictors import FaceCropper, Predictor

pytestmark = pytest.mark.slow

CONTRACT = {
    "n", "age_mae", "gender_accuracy", "gender_precision", "gender_recall", "gender_specificity", "gender_f1",
    "confusion_matrix", "slices", "undetected", "unreadable", "skipped", "intervals", "adults_gender_accuracy",
    "age_bands", "age_cumulative_score", "gender_reliability", "gender_roc", "age_range_accuracy",
}  # fmt: skip


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    """Twelve pictures in place of face crops, and an empty file."""
    folder = tmp_path / "crops"
    folder.mkdir()
    for index in range(12):
        image = np.random.default_rng(index).integers(0, 256, (24, 24, 3), np.uint8)
        cv2.imwrite(str(folder / f"{10 + 5 * index}_{index % 2}_0_{20170101000000000 + index}.bmp"), image)
    (folder / "40_1_0_20170101000000099.jpg").touch()
    return folder


def evaluate(capsys, *arguments: object) -> dict:
    assert main(["evaluate", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(capsys, *arguments: object, code: int = 2) -> str:
    assert main(["evaluate", *map(str, arguments)]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_the_json_has_the_figures_and_the_skipped_files(crops, capsys):
    result = evaluate(capsys, "table1", "--data", crops, "--split", "all", "--aligned")
    assert set(result) >= CONTRACT
    assert (result["n"], result["unreadable"], result["undetected"]) == (12, 1, 0)
    assert result["skipped"] == {"cannot be read": ["40_1_0_20170101000000099.jpg"]}
    assert np.sum(result["confusion_matrix"]) == 12
    assert result["model"]["name"] == "table1"
    assert result["data"]["sha256"] == read_dataset(crops).sha256


def test_the_split_decides_which_pictures_are_measured(crops, capsys):
    dataset = read_dataset(crops)
    readable = [sample for sample in dataset.of("test", "validation") if sample.path.stat().st_size]
    assert readable  # these pictures never change, so their split does not either
    for split in {sample.split for sample in readable}:
        result = evaluate(capsys, "table1", "--data", crops, "--split", split, "--aligned")
        assert result["n"] == sum(sample.split == split for sample in readable)


def test_out_gets_a_document_plots_and_a_model_card(crops, tmp_path, capsys):
    out = tmp_path / "new" / "folder"
    result = evaluate(capsys, "table1", "--data", crops, "--split", "all", "--aligned", "--out", out)
    assert json.loads((out / "metrics.json").read_text()) == result
    card = (out / "model_card.md").read_text()
    assert f"| apparent age: mean absolute error | {result['age_mae']:.2f} years [" in card
    assert f"| gender: accuracy | {100 * result['gender_accuracy']:.2f} % [" in card
    assert "- cannot be read: 1 (`40_1_0_20170101000000099.jpg`)" in card
    (tn, fp), _ = result["confusion_matrix"]
    assert f"| male | {tn} | {fp} |" in card
    assert f"| licence | {load_bundle('table1').card.training.licence} |" in card
    linked = set(re.findall(r"\]\(([^)]+)\)", card))
    assert linked == {path.name for path in out.iterdir()} - {"metrics.json", "model_card.md"}
    assert len(linked) == 12


def test_the_text_shows_the_same_numbers(crops, capsys):
    result = evaluate(capsys, "table1", "--data", crops, "--split", "all", "--aligned")
    assert main(["evaluate", "table1", "--data", str(crops), "--split", "all", "--aligned"]) == 0
    text = capsys.readouterr().out
    low, high = result["intervals"]["age_mae"]
    assert f"{result['age_mae']:.2f} years [{low:.2f}, {high:.2f}]" in text
    assert "skipped 1: cannot be read" in text


def test_missing_labels_give_no_figure(crops, capsys):
    names = sorted(path.name for path in crops.iterdir() if path.suffix == ".bmp")
    (crops / "labels.csv").write_text("file,age,gender\n" + "".join(f"{name},20-29,\n" for name in names))
    result = evaluate(capsys, "table1", "--data", crops, "--split", "all", "--aligned")
    assert result["gender_accuracy"] is None
    assert result["confusion_matrix"] is None
    assert result["age_mae"] >= 0
    assert 0 <= result["age_range_accuracy"] <= 1
    assert result["intervals"]["gender_accuracy"] is None
    assert main(["evaluate", "table1", "--data", str(crops), "--split", "all", "--aligned"]) == 0
    assert "no labels" in capsys.readouterr().out


def test_a_dataset_with_only_genders_is_measured_and_drawn(crops, tmp_path, capsys):
    names = sorted(path.name for path in crops.iterdir() if path.suffix == ".bmp")
    rows = "".join(f"{name},,{('male', 'female')[index % 2]}\n" for index, name in enumerate(names))
    (crops / "labels.csv").write_text("file,age,gender\n" + rows)
    out = tmp_path / "out"
    result = evaluate(capsys, "table1", "--data", crops, "--split", "all", "--aligned", "--out", out)
    assert (result["gender_n"], result["age_n"], result["age_mae"], result["age_bands"]) == (12, 0, None, None)
    assert {path.stem for path in out.glob("*.svg")} == {"gender_confusion", "gender_reliability", "gender_roc"}


def test_the_model_gets_the_shrunk_faces(crops, tmp_path, capsys):
    small = tmp_path / "small"
    small.mkdir()
    for path in crops.glob("*.bmp"):
        shrunk = cv2.resize(cv2.imread(str(path)), (18, 18), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(small / path.name), shrunk)
    common = ("--split", "all", "--aligned")
    whole, far, same = (
        evaluate(capsys, "table1", "--data", folder, *common, *more)
        for folder, more in ((crops, ()), (crops, ("--shrink", 18)), (small, ()))
    )
    assert (whole["data"]["shrink"], far["data"]["shrink"]) == (None, 18)
    assert far["age_mae"] == same["age_mae"] != whole["age_mae"]
    assert far["slices"] == same["slices"]
    # These faces are only 24 pixels wide, so they are not enlarged first.
    assert evaluate(capsys, "table1", "--data", crops, *common, "--shrink", 64)["age_mae"] == whole["age_mae"]


def test_intervals_repeat_to_the_last_digit(crops, capsys):
    one, two = (evaluate(capsys, "table1", "--data", crops, "--split", "all", "--aligned") for _ in range(2))
    assert one == two
    assert one["intervals"]["age_mae"][0] < one["age_mae"] < one["intervals"]["age_mae"][1]


def test_a_bundle_is_evaluated_without_tensorflow(crops):
    program = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('tensorflow', 'keras', 'tensorboard')))\n"  # importing them fails
        "from edge.cli import main\n"
        f"sys.exit(main(['evaluate', 'table1', '--data', {str(crops)!r}, '--split', 'all', '--aligned', '--json']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n"] == 12


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [
        pytest.param("tensorflow", ("evaluate", "model.keras", "--data", "."), "training", id="evaluate"),
        pytest.param("matplotlib", ("evaluate", "table1", "--data", ".", "--out", "x"), "training", id="plots"),
        pytest.param("sklearn", ("evaluate", "table1", "--data", "."), "training", id="figures"),
        pytest.param("tensorflow", ("train", "table1", "--data", ".", "--out", "run"), "training", id="train"),
        pytest.param(
            "tensorflow", ("convert", "model.keras", "--data", ".", "--out", "x.tflite"), "convert", id="convert"
        ),
    ],
)
def test_a_missing_library_is_named_with_its_extra(monkeypatch, tmp_path, capsys, module, arguments, extra):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    assert main(arguments) == 1
    assert f"{module}: not installed; install it with pip install 'maitred[{extra}]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_bad_input_is_named(crops, tmp_path, capsys):
    assert "nosuch: no such model; shipped: " in refusal(capsys, "nosuch", "--data", crops)
    assert "a model for face-detection" in refusal(capsys, "face", "--data", crops)
    assert "no such folder" in refusal(capsys, "table1", "--data", tmp_path / "nowhere")
    assert "--shrink 0: not a width" in refusal(capsys, "table1", "--data", crops, "--shrink", 0)
    used = tmp_path / "file"
    used.touch()
    arguments = ("table1", "--data", crops, "--split", "all", "--aligned", "--out", used)
    assert "file: cannot write there" in refusal(capsys, *arguments)


def test_an_empty_split_is_named(tmp_path, capsys):
    (tmp_path / "30_1_0_20170101000000000.png").write_bytes(b"one picture is in one split")
    empty = ({"test", "validation"} - {read_dataset(tmp_path).samples[0].split}).pop()
    assert "no images in this split" in refusal(capsys, "table1", "--data", tmp_path, "--split", empty)


def test_pictures_without_a_face_are_counted_and_listed(crops, capsys):
    message = refusal(capsys, "table1", "--data", crops, "--split", "all")
    assert "none of 13 images could be used: 1 unreadable, 12 without a detectable face" in message
    assert "--aligned" in message


def test_faces_of_photos_are_found_and_cut_out_first(utkface, tmp_path, capsys):
    crops = sorted(utkface.glob("3[0-9]_?_0_*.jpg"))[:30:3]
    photos = tmp_path / "photos"
    photos.mkdir()
    for index, path in enumerate(crops):
        photo = np.full((420, 640, 3), 120, np.uint8)
        photo[100:300, 50 + 30 * index : 250 + 30 * index] = cv2.imread(str(path))
        cv2.imwrite(str(photos / path.name.replace(".jpg.chip.jpg", ".png")), photo)
    empty = np.full((420, 640, 3), 120, np.uint8)
    cv2.imwrite(str(photos / "50_0_0_20170101000000000.png"), empty)
    result = evaluate(capsys, "table1", "--data", photos, "--split", "all")
    assert result["skipped"]["no face found"][-1] == "50_0_0_20170101000000000.png"
    assert result["undetected"] <= 2
    assert result["n"] == len(crops) + 1 - result["undetected"]
    aside = evaluate(capsys, "table1", "--data", photos, "--split", "all", "--aligned")
    assert result["age_mae"] < aside["age_mae"]


LEFT, MIDDLE, RIGHT = (20, 60, 60, 60), (170, 70, 60, 60), (300, 20, 100, 100)


@pytest.mark.parametrize(
    ("boxes", "chosen"),
    [
        pytest.param([LEFT], LEFT, id="the only one"),
        pytest.param([LEFT, MIDDLE], MIDDLE, id="of two equals the nearer to the middle"),
        pytest.param([LEFT, RIGHT], RIGHT, id="of two as far off the larger"),
        pytest.param([RIGHT, MIDDLE], MIDDLE, id="size does not outweigh any distance"),
    ],
)
def test_of_several_faces_the_most_prominent_one_is_measured(monkeypatch, boxes, chosen):
    photo = np.zeros((200, 400, 3), np.uint8)
    for level, (x, y, width, height) in enumerate(boxes, start=1):
        photo[y - 10 : y + height + 10, x - 10 : x + width + 10] = 60 * level
    faces = [Detection(box, 0.9, np.zeros((6, 2), np.float32)) for box in boxes]
    monkeypatch.setattr(predictors, "find_faces", lambda *_: faces)
    model = Predictor("stand-in", "", Crop(landmarks=((0.3, 0.3), (0.7, 0.3)), margin=0.0), 40, lambda _: [])
    crop = FaceCropper(model.crop, model.size).crop(photo)
    assert crop is not None
    assert crop.shape == (40, 40, 3)
    assert (crop == 60 * (boxes.index(chosen) + 1)).all()
