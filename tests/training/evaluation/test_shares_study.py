"""The study of corrected shares, on faces whose estimates are already known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edge.census.age_bands import AgeBands
from edge.census.shares.calibration import KEY, Calibration
from edge.census.window import cell_of
from edge.config.census import Census
from edge.counting.visit import Visit
from edge.vision.bundle import load_bundle
from training.evaluation.shares_study import SIZES, FacePool, folds_of, main, study

CENSUS = Census()


def validation_faces() -> Calibration:
    return Calibration.read(load_bundle("mobile").card.calibration)


@pytest.fixture(scope="module")
def folds():
    return list(folds_of(load_bundle("mobile"), validation_faces(), "validation", CENSUS))


def test_faces_of_the_calibration_are_not_drawn(folds):
    assert len(folds) == 2
    assert sum(len(pool.truth) for _, pool in folds) == len(validation_faces())
    weights = [known.faces[:-1].sum() for known, _ in folds]
    assert sum(weights) < 0.55 * len(validation_faces())


def test_a_population_has_its_true_shares():
    faces = validation_faces()
    ((known, pool),) = folds_of(load_bundle("mobile"), faces, "test", CENSUS)
    assert len(pool.truth) == len(pool.visits) == len(faces)
    # If every estimate were right, the raw shares would differ from the true ones only by chance.
    right = [
        Visit(0, 1, 1, float(age), None, None if age < CENSUS.no_gender_below else float(female))
        for age, female in zip(faces.true_age, faces.true_female, strict=True)
    ]
    shares, visits = FacePool(known, pool.truth, tuple(right)).draw(np.random.default_rng(1), "any", 1000)
    assert shares.sum() == pytest.approx(1)
    assert len(visits) == 1000
    cells = [cell_of(visit, AgeBands(CENSUS.bands)) for visit in visits]
    counted = np.array([cells.count(cell) for cell in known.cells]) / 1000
    assert counted == pytest.approx(shares, abs=0.06)
    common, _ = pool.draw(np.random.default_rng(1), "none", 10)
    assert common == pytest.approx(np.bincount(pool.truth, minlength=16) / len(faces))


@pytest.mark.slow
def test_corrected_shares_are_nearer_the_truth_than_raw_ones(folds):
    found = study(folds, "any", 1000, populations=12, seed=3)
    assert max(found["from_visits"], found["from_counts"]) < found["raw"] < found["inverse"]
    assert 0.8 < found["from_visits_coverage"] <= 1
    assert found == study(folds, "any", 1000, populations=12, seed=3)


def test_the_command_reads_cached_estimates(tmp_path, capsys):
    bundle = load_bundle("mobile")
    kept = tmp_path / f"mobile-validation-{bundle.sha256[:16]}.json"
    kept.write_text(json.dumps({KEY: validation_faces().table()}), encoding="utf-8")
    assert main(["mobile", "--data", "nowhere", "--cache", str(tmp_path), "--populations", "2"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document["total_variation"]) == {str(size) for size in SIZES}


def test_the_command_names_what_is_missing(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["mobile", "--data", str(tmp_path / "nowhere"), "--cache", str(tmp_path)])
    assert stopped.value.code == 2
    assert "nowhere" in capsys.readouterr().err
