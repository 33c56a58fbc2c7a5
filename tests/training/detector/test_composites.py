"""Composed scenes: their truth, and that they are what they are said to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.vision.bundle import load_bundle
from edge.vision.detection import nesting, overlaps
from edge.vision.detector import FaceDetector
from training.data.dataset import list_samples
from training.data.face_crops import BOX, LANDMARKS, fitted, read_chips, shrunk
from training.detector.backgrounds import HEIGHT, WIDTH, Backdrops
from training.detector.composites import MANNERS, STYLES, compose


@pytest.fixture(scope="module")
def backdrops(drawn_chips) -> Backdrops:
    return Backdrops(drawn_chips, np.random.default_rng(1), 4)


@pytest.mark.parametrize("style", STYLES)
def test_a_scene_is_the_same_for_the_same_seed_and_within_its_manner(drawn_chips, backdrops, style):
    manner = MANNERS[style]
    scenes = [compose(style, drawn_chips, backdrops, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    shots = [next(scene.shots(np.random.default_rng(5))) for scene in scenes]
    assert np.array_equal(shots[0], shots[1])
    assert not np.array_equal(shots[0], shots[2])
    sides = np.array([face.box[2:] for scene in scenes for face in scene.faces])
    assert shots[0].shape == (manner.size[1], manner.size[0], 3)
    assert (sides >= manner.faces[0] - 0.5).all()
    assert (sides <= manner.faces[1] + 0.5).all()


def test_shots_of_a_scene_differ_by_noise_alone(drawn_chips, backdrops):
    scene = compose("live", drawn_chips, backdrops, np.random.default_rng(4))
    shots = scene.shots(np.random.default_rng(1))
    one, other = (next(shots).astype(int) for _ in range(2))
    assert 0 < np.abs(one - other).mean() < 4 * scene.noise
    assert abs((one - other).mean()) < 1


def test_the_eyes_are_where_the_truth_says(drawn_chips, backdrops):
    """Dark dots on a face: their places in the picture against the landmarks."""
    looked = 0
    for seed in range(12):
        scene = compose("photo", drawn_chips, backdrops, np.random.default_rng(seed))
        for face in scene.faces:
            if not face.plain or face.box[2] < 90:
                continue
            for x, y in face.landmarks[:2]:
                radius = int(face.box[2] * 0.03)
                dot = scene.image[int(y) - radius : int(y) + radius, int(x) - radius : int(x) + radius]
                left, top, width, height = face.box.astype(int)
                cheek = scene.image[top + height // 2, left + int(0.35 * width)]
                assert dot.mean() < 0.6 * max(float(cheek.mean()), 40), (seed, x, y)
                looked += 1
    assert looked > 10


def test_who_stands_behind_others_need_not_be_found(drawn_chips, backdrops):
    hidden = [
        (face, scene)
        for seed in range(20)
        for scene in [compose("photo", drawn_chips, backdrops, np.random.default_rng(seed))]
        for face in scene.faces
        if not face.plain
    ]
    assert hidden
    for face, scene in hidden:
        others = np.array([other.box for other in scene.faces if other is not face])
        inside = (face.box[:2] >= 0).all() and (face.box[:2] + face.box[2:] <= scene.image.shape[1::-1]).all()
        # Somebody's face or shoulders are in front, or the frame cuts it.
        below = others.copy()
        below[:, :2] -= 0.5 * below[:, 2:]
        below[:, 2:] *= [2, 3]
        assert not inside or nesting(face.box[None], below.astype(np.float32)).max() > 0.2


def test_backdrops_are_of_one_size_and_the_same_again(drawn_chips, backdrops):
    again = Backdrops(drawn_chips, np.random.default_rng(1), 4)
    one, other = (b.draw(320, 240, np.random.default_rng(3)) for b in (backdrops, again))
    assert one.shape == (240, 320, 3)
    assert np.array_equal(one, other)
    assert WIDTH > HEIGHT


def test_a_mirrored_chip_has_its_left_eye_on_the_left(drawn_chips):
    chip = drawn_chips[0].mirrored()
    assert chip.landmarks[0, 0] < chip.landmarks[1, 0]
    assert chip.landmarks[4, 0] < chip.landmarks[5, 0]
    np.testing.assert_array_equal(chip.mirrored().image, drawn_chips[0].image)
    np.testing.assert_allclose(chip.mirrored().box, BOX, atol=1e-6)


def test_a_chip_is_fitted_by_turning_its_middle_and_not_its_box(drawn_chips):
    quarter = np.array([[0, -50, 100], [50, 0, 20]], np.float32)
    box, landmarks = fitted(drawn_chips[0], quarter)
    assert box[2:].tolist() == pytest.approx([49.5, 49.5])
    np.testing.assert_allclose(landmarks[0], [100 - 50 * LANDMARKS[0, 1], 20 + 50 * LANDMARKS[0, 0]], rtol=1e-5)
    assert shrunk(drawn_chips[0].image, 31.6).shape == (32, 32, 3)
    assert shrunk(drawn_chips[0].image, 500) is drawn_chips[0].image


def test_photographed_faces_get_the_detectors_own_box(utkface: Path):
    samples = list_samples(utkface).of("train")[5000:5040]
    detector = FaceDetector(load_bundle("face"), 1)
    chips = read_chips(samples, detector)
    seen = [chip for chip in chips if chip.seen]
    assert len(seen) >= 36
    for chip in seen:
        assert overlaps(chip.box[None], BOX[None]).item() > 0.6
    assert any(not np.allclose(chip.landmarks, LANDMARKS) for chip in seen)
