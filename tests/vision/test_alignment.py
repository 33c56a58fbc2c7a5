"""Where a face is in its crop, and how the crop is sampled."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.vision.alignment import alignment, crop_aligned, crop_face
from edge.vision.bundle import load_bundle
from edge.vision.card import Crop
from edge.vision.detection import Detection

REFERENCE = load_bundle("table1").card.crop
assert REFERENCE is not None
POINTS = np.array(REFERENCE.landmarks)


def marks(side: float, degrees: float, x: float, y: float) -> np.ndarray:
    """The reference landmarks of a face whose crop is a square of that side, turned, with its middle at (x, y)."""
    turn = np.deg2rad(degrees)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return ((POINTS - 0.5) * side @ rotation.T + [x, y]).astype(np.float32)


def face(landmarks: np.ndarray, box: tuple[float, float, float, float] = (0, 0, 10, 10)) -> Detection:
    return Detection(box, 0.9, np.vstack([landmarks, landmarks[:2]]).astype(np.float32))


@pytest.mark.parametrize("side", [20, 90, 700])
@pytest.mark.parametrize("degrees", [0, 17, -80, 180])
@pytest.mark.parametrize("place", [(300, 200), (-40, 90)], ids=str)
def test_alignment_finds_any_rotation_size_and_place(side: float, degrees: float, place: tuple[float, float]):
    source = marks(side, degrees, *place)
    transform = alignment(source, REFERENCE)
    assert transform is not None
    mapped = source @ transform[:, :2].T + transform[:, 2]
    assert np.abs(mapped - POINTS).max() * 180 < 0.1  # a pixel's tenth of a crop of 180


@pytest.mark.parametrize("degrees", [0, -25, 40])
@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_landmarks_land_on_the_reference(degrees: float, scale: float):
    """Bright dots at the landmarks of a turned and scaled face are at the card's places in the crop."""
    source = marks(100 * scale, degrees, 320, 240)
    image = np.zeros((480, 640, 3), np.uint8)
    for x, y in source:
        # In sixteenths of a pixel; OpenCV draws 0 in the middle of the first pixel, landmarks have it at the edge.
        centre = (round((float(x) - 0.5) * 16), round((float(y) - 0.5) * 16))
        cv2.circle(image, centre, round(3 * scale * 16), (255, 255, 255), cv2.FILLED, cv2.LINE_AA, shift=4)

    crop = crop_face(image, face(source, (280, 200, 80, 80)), REFERENCE, 180)

    for x, y in REFERENCE.landmarks:
        around = crop[int(y * 180) - 12 : int(y * 180) + 12, int(x * 180) - 12 : int(x * 180) + 12, 0].astype(float)
        rows, columns = np.indices(around.shape)
        centre = (rows * around).sum() / around.sum(), (columns * around).sum() / around.sum()
        assert np.allclose(centre, (11.5, 11.5), atol=2.5)


def test_noise_on_the_landmarks_moves_the_crop_by_less_than_the_noise():
    rng = np.random.default_rng(0)
    for _ in range(50):
        source = marks(100, 10, 200, 200)
        noisy = source + rng.normal(0, 2, source.shape)
        transform = alignment(noisy, REFERENCE)
        assert transform is not None
        middle = np.array([200, 200]) @ transform[:, :2].T + transform[:, 2]
        assert np.abs(middle - 0.5).max() * 100 < 6


@pytest.mark.parametrize(
    "landmarks",
    [
        pytest.param(np.zeros((4, 2)), id="all in one point"),
        pytest.param(marks(100, 0, 50, 50) * [-1, 1], id="mirrored"),
        pytest.param(marks(100, 0, 50, 50)[[3, 2, 1, 0]], id="mouth for an eye"),
        pytest.param(marks(100, 0, 50, 50) * [0.05, 1], id="full profile"),
    ],
)
def test_with_unusable_landmarks_the_box_is_cut_out_with_its_margin(landmarks: np.ndarray):
    assert alignment(landmarks.astype(np.float32), REFERENCE) is None
    image = np.zeros((400, 400, 3), np.uint8)
    image[150:250, 100:200] = 255  # the box, in a crop that is wider by the margin on each side
    crop = crop_face(
        image, face(landmarks, (100, 150, 100, 100)), Crop(landmarks=REFERENCE.landmarks, margin=0.25), 150
    )
    assert (crop[27:123, 27:123] == 255).all()
    assert (crop[:23] == 0).all()
    assert (crop[:, 127:] == 0).all()


def test_a_crop_that_leaves_the_frame_is_padded_not_stretched():
    image = np.zeros((200, 200, 3), np.uint8)
    image[:, :50] = (10, 200, 30)
    no_face = face(np.zeros((4, 2)), (-40, 60, 80, 80))  # no face has all landmarks in one point: the box counts
    crop = crop_face(image, no_face, Crop(landmarks=REFERENCE.landmarks, margin=0.25), 120)
    # The box with its margin spans x from -60 to 60: the green part ends at 110/120 of the crop.
    assert (crop[:, :108] == (10, 200, 30)).all()
    assert (crop[:, 114:] == 0).all()


def test_a_crop_beyond_the_frame_keeps_its_shape_and_repeats_the_edge():
    image = np.zeros((120, 120, 3), np.uint8)
    image[:] = np.linspace(40, 240, 120).astype(np.uint8)[:, None, None]  # rows tell how far down a pixel comes from
    crop = crop_face(image, face(marks(100, 0, 60, 10)), REFERENCE, 100)  # 40 rows are above the frame
    assert (crop[:38] == 40).all()
    assert crop[60, 50, 0] == pytest.approx(image[20, 60, 0], abs=3)
    assert crop[99, 50, 0] == pytest.approx(image[59, 60, 0], abs=3)


@pytest.mark.parametrize("degrees", [0, 30])
@pytest.mark.parametrize("side", [300, 1400])
def test_a_large_face_is_shrunk_by_averaging(side: int, degrees: float):
    """Stripes finer than the crop's pixels must become their mean; bilinear sampling alone gives a moire pattern."""
    stripes = np.zeros((1600, 1600, 3), np.uint8)
    stripes[:, ::2] = 200
    crop = crop_face(stripes, face(marks(side, degrees, 800, 800)), REFERENCE, 60)
    assert crop.mean() == pytest.approx(100, abs=2)
    assert crop.std() < 15  # bilinear sampling alone: 70 and more


def test_a_shrunk_crop_is_as_sharp_as_area_averaging_and_in_the_same_place():
    rng = np.random.default_rng(1)
    image = cv2.resize(rng.integers(0, 256, (30, 30, 3), np.uint8), (900, 900), interpolation=cv2.INTER_CUBIC)
    crop = crop_face(image, face(marks(600, 0, 450, 450)), REFERENCE, 150)
    expected = cv2.resize(image[150:750, 150:750], (150, 150), interpolation=cv2.INTER_AREA)
    error = np.abs(crop.astype(int) - expected).mean()
    assert error < 2
    assert error < 0.25 * np.abs(np.roll(crop, 1, axis=1).astype(int) - expected).mean()  # half a pixel would show


@pytest.mark.parametrize("shape", [(40, 40), (180, 180), (200, 200), (900, 700)], ids=str)
def test_a_picture_that_is_a_crop_already_is_only_resized(shape: tuple[int, int]):
    image = np.zeros((*shape, 3), np.uint8)
    image[: shape[0] // 2] = 200
    crop = crop_aligned(image, 180)
    assert crop.shape == (180, 180, 3)
    assert crop.dtype == np.uint8
    assert (crop[:85] == 200).all()
    assert (crop[95:] == 0).all()
