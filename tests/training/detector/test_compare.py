"""The comparison of INT8 with float: what passes, what fails, and that the scenes are always the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import MaitredError
from edge.vision.bundle import Bundle, load_bundle
from edge.vision.detection import Detection
from training.data.dataset import Dataset
from training.detector import compare
from training.detector.backgrounds import Backgrounds
from training.detector.compare import SceneSet, compare_on_scenes, main

pytestmark = pytest.mark.slow


@pytest.fixture
def scenes(monkeypatch, drawn_crops) -> list[str]:
    """Scenes of drawn faces, and a search that misses some of them. Gives the list of the splits that were used."""
    used: list[str] = []

    def scenes_of(dataset: Dataset, split: str, detector: object, drawn: int) -> SceneSet:
        used.append(split)
        return SceneSet(drawn_crops, Backgrounds(drawn_crops, np.random.default_rng(1), 2), compare.SEEDS[split])

    def mode(bundle: Bundle):
        missed, false = (int(part) for part in bundle.sha256.split()) if " " in bundle.sha256 else (0, 0)
        count = 0

        def search(labelled) -> list[Detection]:
            nonlocal count
            found = []
            for face in labelled.faces:
                count += face.clear
                if face.clear and not (missed and count % missed == 0):
                    found.append(Detection(tuple(face.box.tolist()), 0.9, face.landmarks))
            if false and count % false == 0:
                found.append(Detection((-900, -900, 50, 50), 0.9, face.landmarks))
            return found

        return search

    monkeypatch.setattr(compare, "scenes_of", scenes_of)
    monkeypatch.setattr(compare, "MODES", {"photo": mode, "live": mode})
    return used


def candidate(sha256: str) -> Bundle:
    shipped = load_bundle("face")
    return Bundle(shipped.card, shipped.model, sha256)


def test_a_detector_that_finds_as_much_passes_and_all_figures_are_returned(scenes):
    figures = compare_on_scenes(candidate(""), candidate(""), Dataset([]), faces=30)
    assert scenes == ["validation", "test"]
    assert list(figures["int8"]) == [
        "photo scenes, validation", "live scenes, validation", "photo scenes, test", "live scenes, test",
    ]  # fmt: skip
    assert figures["int8"] == figures["float"]
    assert all(one["recall"] == one["precision"] == 1 and one["faces"] >= 30 for one in figures["int8"].values())


@pytest.mark.parametrize(("worse", "named"), [("20 0", "recall 1.0000 -> 0.9"), ("0 3", "precision 1.0000 -> 0.")])
def test_losing_more_than_a_point_fails_before_the_test_split_is_used(scenes, worse, named):
    with pytest.raises(MaitredError, match="photo scenes, validation") as error:
        compare_on_scenes(candidate(""), candidate(worse), Dataset([]), faces=60)
    assert named in str(error.value)
    assert scenes == ["validation"]


def test_losing_up_to_a_point_passes(scenes):
    assert compare_on_scenes(candidate(""), candidate("150 0"), Dataset([]), faces=160, splits=["validation"])


def test_scenes_depend_on_the_seed_alone(drawn_crops):
    backgrounds = Backgrounds(drawn_crops, np.random.default_rng(1), 2)
    first = [labelled.frames[0] for labelled in SceneSet(drawn_crops, backgrounds, 7).frames("photo", 8)]
    again = [labelled.frames[0] for labelled in SceneSet(drawn_crops, backgrounds, 7).frames("photo", 8)]
    other = next(SceneSet(drawn_crops, backgrounds, 8).frames("photo", 8)).frames[0]
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other)


def test_a_model_for_something_else_is_refused(capsys, tmp_path: Path):
    assert main(["table1", "--data", str(tmp_path)]) == 2
    assert "a model for demographics" in capsys.readouterr().err
