"""Composed scenes: their truth fits their pictures, and they are within their style's ranges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.vision.bundle import load_bundle
from edge.vision.detection import intersection_over_smaller, intersection_over_union
from edge.vision.detector import FaceDetector
from training.data.dataset import read_dataset
from training.data.face_crops import LANDMARKS, MEDIAN_BOX, box_and_landmarks, read_face_crops, shrink
from training.detector.backgrounds import HEIGHT, WIDTH, Backgrounds
from training.detector.composites import STYLE_RANGES, STYLES, compose_scene

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def backgrounds(drawn_crops) -> Backgrounds:
    return Backgrounds(drawn_crops, np.random.default_rng(1), 4)


@pytest.mark.parametrize("style", STYLES)
def test_the_same_seed_gives_the_same_scene_within_the_ranges_of_its_style(drawn_crops, backgrounds, style):
    ranges = STYLE_RANGES[style]
    scenes = [compose_scene(style, drawn_crops, backgrounds, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    frames = [next(scene.noisy_frames(np.random.default_rng(5))) for scene in scenes]
    assert np.array_equal(frames[0], frames[1])
    assert not np.array_equal(frames[0], frames[2])
    sides = np.array([face.box[2:] for scene in scenes for face in scene.faces])
    assert frames[0].shape == (ranges.size[1], ranges.size[0], 3)
    assert (sides >= ranges.faces[0] - 0.5).all()
    assert (sides <= ranges.faces[1] + 0.5).all()


def test_frames_of_a_scene_differ_only_by_noise(drawn_crops, backgrounds):
    scene = compose_scene("live", drawn_crops, backgrounds, np.random.default_rng(4))
    frames = scene.noisy_frames(np.random.default_rng(1))
    one, other = (next(frames).astype(int) for _ in range(2))
    assert 0 < np.abs(one - other).mean() < 4 * scene.noise
    assert abs((one - other).mean()) < 1


def test_the_eyes_are_where_the_truth_says(drawn_crops, backgrounds):
    """The eyes are dark dots: compare their places in the picture with the landmarks."""
    checked = 0
    for seed in range(12):
        scene = compose_scene("photo", drawn_crops, backgrounds, np.random.default_rng(seed))
        for face in scene.faces:
            if not face.clear or face.box[2] < 90:
                continue
            for x, y in face.landmarks[:2]:
                radius = int(face.box[2] * 0.03)
                dot = scene.image[int(y) - radius : int(y) + radius, int(x) - radius : int(x) + radius]
                left, top, width, height = face.box.astype(int)
                cheek = scene.image[top + height // 2, left + int(0.35 * width)]
                assert dot.mean() < 0.6 * max(float(cheek.mean()), 40), (seed, x, y)
                checked += 1
    assert checked > 10


def test_a_face_behind_other_people_need_not_be_found(drawn_crops, backgrounds):
    hidden = [
        (face, scene)
        for seed in range(20)
        for scene in [compose_scene("photo", drawn_crops, backgrounds, np.random.default_rng(seed))]
        for face in scene.faces
        if not face.clear
    ]
    assert hidden
    for face, scene in hidden:
        others = np.array([other.box for other in scene.faces if other is not face])
        inside = (face.box[:2] >= 0).all() and (face.box[:2] + face.box[2:] <= scene.image.shape[1::-1]).all()
        # Somebody's face or shoulders are in front of it, or the frame cuts it.
        below = others.copy()
        below[:, :2] -= 0.5 * below[:, 2:]
        below[:, 2:] *= [2, 3]
        assert not inside or intersection_over_smaller(face.box[None], below.astype(np.float32)).max() > 0.2


def test_backgrounds_have_the_size_asked_for_and_are_reproducible(drawn_crops, backgrounds):
    again = Backgrounds(drawn_crops, np.random.default_rng(1), 4)
    one, other = (b.draw(320, 240, np.random.default_rng(3)) for b in (backgrounds, again))
    assert one.shape == (240, 320, 3)
    assert np.array_equal(one, other)
    assert WIDTH > HEIGHT


def test_a_mirrored_crop_still_has_its_first_eye_on_the_left(drawn_crops):
    crop = drawn_crops[0].mirrored()
    assert crop.landmarks[0, 0] < crop.landmarks[1, 0]
    assert crop.landmarks[4, 0] < crop.landmarks[5, 0]
    np.testing.assert_array_equal(crop.mirrored().image, drawn_crops[0].image)
    np.testing.assert_allclose(crop.mirrored().box, MEDIAN_BOX, atol=1e-6)


def test_a_transform_turns_the_landmarks_and_keeps_the_box_level(drawn_crops):
    quarter = np.array([[0, -50, 100], [50, 0, 20]], np.float32)
    box, landmarks = box_and_landmarks(drawn_crops[0], quarter)
    assert box[2:].tolist() == pytest.approx([49.5, 49.5])
    np.testing.assert_allclose(landmarks[0], [100 - 50 * LANDMARKS[0, 1], 20 + 50 * LANDMARKS[0, 0]], rtol=1e-5)
    assert shrink(drawn_crops[0].image, 31.6).shape == (32, 32, 3)
    assert shrink(drawn_crops[0].image, 500) is drawn_crops[0].image


def test_photographs_get_the_box_that_the_detector_finds(utkface: Path):
    samples = read_dataset(utkface).of("train")[5000:5040]
    detector = FaceDetector(load_bundle("face"), 1)
    crops = read_face_crops(samples, detector)
    detected = [crop for crop in crops if crop.detected]
    assert len(detected) >= 36
    for crop in detected:
        assert intersection_over_union(crop.box[None], MEDIAN_BOX[None]).item() > 0.6
    assert any(not np.allclose(crop.landmarks, LANDMARKS) for crop in detected)
