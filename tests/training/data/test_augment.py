"""The effects of augmentation on a face, each alone and all together."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from training.data.augment import augment
from training.recipe import Augmentation, load_recipe

SHIPPED = load_recipe("mobile").augment
# The lower limits of blur and of the covering patch are in the code, so a probability of 0 switches them off.
NOTHING = Augmentation(
    rotation_degrees=0, scale=0, shift=0, brightness=0, contrast=0, gamma=0, saturation=0, tint=0,
    occlude_probability=0, occlude=0.4, shrink_probability=0, shrink_to=40, blur_probability=0, blur=1.2,
    noise_probability=0, noise=0, jpeg_probability=0, jpeg_quality=30,
)  # fmt: skip


def smooth(side: int = 200) -> np.ndarray:
    """A picture without fine detail, all three colours different, left and right different."""
    coarse = np.random.default_rng(0).integers(40, 216, (6, 6, 3), np.uint8)
    return cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)


def blob(side: int = 200) -> np.ndarray:
    """A white spot in the middle of black."""
    image = np.zeros((side, side, 3), np.uint8)
    cv2.circle(image, (side // 2, side // 2), side // 10, (255, 255, 255), -1)
    return image


def variants(face: np.ndarray, settings: Augmentation, count: int = 40, size: int = 160) -> list[np.ndarray]:
    return [augment(face, size, settings, np.random.default_rng((3, 0, place))) for place in range(count)]


def centre_and_size(image: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre of mass in pixels (corner of the first pixel at 0) and the square root of the mass."""
    mass = image.mean(2).astype(float)
    rows, columns = np.indices(mass.shape) + 0.5
    return np.array([(columns * mass).sum(), (rows * mass).sum()]) / mass.sum(), float(np.sqrt(mass.sum()))


def angle(image: np.ndarray) -> float:
    """Degrees by which a bar through the middle is turned."""
    mass = image.mean(2).astype(float)
    rows, columns = np.indices(mass.shape) + 0.5 - mass.shape[0] / 2
    spread = 2 * (rows * columns * mass).sum(), ((columns**2 - rows**2) * mass).sum()
    return float(np.degrees(0.5 * np.arctan2(*spread)))


def bar() -> np.ndarray:
    image = np.zeros((200, 200, 3), np.uint8)
    image[97:103, 40:160] = 255
    return image


def grey(level: int) -> np.ndarray:
    return np.full((200, 200, 3), level, np.uint8)


@pytest.mark.parametrize("size", [160, 180])
@pytest.mark.parametrize("side", [200, 120])
def test_shape_type_and_range(size, side):
    for level in (smooth(side), grey(0)[:side, :side], grey(255)[:side, :side]):
        for face in variants(level, SHIPPED, size=size):
            assert (face.shape, face.dtype) == ((size, size, 3), np.float32)
            assert face.min() >= 0
            assert face.max() <= 1


def test_a_variant_depends_only_on_seed_step_and_place():
    face = smooth()
    first = augment(face, 160, SHIPPED, np.random.default_rng((1, 2, 3)))
    assert np.array_equal(first, augment(face.copy(), 160, SHIPPED, np.random.default_rng((1, 2, 3))))
    for other in ((4, 2, 3), (1, 4, 3), (1, 2, 4)):
        assert np.abs(first - augment(face, 160, SHIPPED, np.random.default_rng(other))).mean() > 0.01


def test_the_picture_itself_is_not_changed():
    face = smooth()
    variants(face, SHIPPED)
    assert np.array_equal(face, smooth())


@pytest.mark.parametrize("size", [200, 160, 90])
def test_with_everything_off_a_face_is_only_resized_and_mirrored(size):
    face = smooth()
    expected = cv2.resize(face, (size, size), interpolation=cv2.INTER_LINEAR) / np.float32(255)
    off = {"as it is": 0, "mirrored": 0}
    for one in variants(face, NOTHING, size=size):
        kind = min(off, key=lambda k: np.abs((one[:, ::-1] if k == "mirrored" else one) - expected).max())
        off[kind] += 1
        # A half-pixel slip would be 0.02 and more; two levels of 255 are the rounding of both ways of sampling.
        assert np.abs((one[:, ::-1] if kind == "mirrored" else one) - expected).max() <= 2.01 / 255
    assert min(off.values()) > 10


def test_the_face_stays_in_the_middle_on_average():
    jitter = {name: getattr(SHIPPED, name) for name in ("rotation_degrees", "scale", "shift")}
    moved = np.array([centre_and_size(x)[0] for x in variants(blob(), dataclasses.replace(NOTHING, **jitter))])
    assert moved.std(0).min() > 1
    assert np.abs(moved.mean(0) - 80).max() < 3 * moved.std(0).max() / np.sqrt(len(moved))
    still = np.array([centre_and_size(face)[0] for face in variants(blob(), NOTHING)])
    # The circle's own middle is a pixel, half a pixel off the picture's; mirrored, it is off to the other side.
    assert np.abs(still - 80).max() <= 0.5 * 160 / 200 + 0.02


def test_a_crop_beyond_the_edge_repeats_it():
    face = smooth()
    face[:3], face[-3:], face[:, :3], face[:, -3:] = ((200, 100, 50),) * 4
    shrunk = dataclasses.replace(NOTHING, scale=0.5, shift=0.2)
    cornered = [one for one in variants(face, shrunk) if np.abs(one[0, 0] * 255 - (200, 100, 50)).max() < 1.01]
    assert len(cornered) > 10


@pytest.mark.parametrize(
    ("change", "face", "measure", "low", "high"),
    [
        pytest.param({"shift": 0.1}, blob(), lambda x: centre_and_size(x)[0][0], 64, 96, id="shift across"),
        pytest.param({"shift": 0.1}, blob(), lambda x: centre_and_size(x)[0][1], 64, 96, id="shift down"),
        pytest.param({"scale": 0.2}, blob(), lambda x: centre_and_size(x)[1], 0.8 * 28.4, 1.2 * 28.4, id="scale"),
        pytest.param({"rotation_degrees": 20}, bar(), angle, -20, 20, id="rotation"),
        pytest.param({"brightness": 0.2}, grey(128), np.mean, 0.302, 0.702, id="brightness"),
        pytest.param({"contrast": 0.5}, grey(255), np.mean, 0.75, 1, id="contrast of white"),
        pytest.param({"contrast": 0.5}, grey(64), np.mean, 0.126, 0.375, id="contrast of grey"),
        pytest.param({"gamma": 0.5}, grey(64), lambda x: np.log(x.mean()) / np.log(64 / 255), 0.606, 1.65, id="gamma"),
        pytest.param({"tint": 0.1}, grey(128), lambda x: x[80, 80, 0] / (128 / 255), 0.9, 1.1, id="tint of red"),
        pytest.param({"tint": 0.1}, grey(128), lambda x: x[80, 80, 2] / (128 / 255), 0.9, 1.1, id="tint of blue"),
    ],
)  # fmt: skip
def test_each_random_change_uses_its_whole_range(change, face, measure, low, high):
    found = [float(measure(x)) for x in variants(face, dataclasses.replace(NOTHING, **change))]
    width = high - low
    assert low - 0.02 * width <= min(found) < low + 0.25 * width
    assert high - 0.25 * width < max(found) <= high + 0.02 * width


def test_saturation_changes_colours_and_keeps_the_brightness():
    coloured = np.full((200, 200, 3), (150, 120, 90), np.uint8)
    found = np.array([x[80, 80] for x in variants(coloured, dataclasses.replace(NOTHING, saturation=0.4))]) * 255
    assert found.mean(1) == pytest.approx(np.full(40, 120), abs=0.01)
    gains = (found[:, 0] - 120) / 30
    assert gains == pytest.approx((120 - found[:, 2]) / 30, abs=1e-3)
    assert 0.6 <= gains.min() < 0.75
    assert 1.25 < gains.max() <= 1.4


def test_tint_changes_each_colour_channel_independently():
    found = np.array([x[80, 80] for x in variants(grey(128), dataclasses.replace(NOTHING, tint=0.1))])
    assert np.abs(np.corrcoef(found.T)[np.triu_indices(3, 1)]).max() < 0.6


def test_a_patch_hides_a_part_and_nothing_else_changes():
    settings = dataclasses.replace(NOTHING, occlude_probability=1, occlude=0.4)
    colours, heights, widths = [], [], []
    for one, bare in zip(variants(smooth(), settings), variants(smooth(), NOTHING), strict=True):
        rows, columns = np.nonzero((one != bare).any(2))
        patch = one[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert np.ptp(patch, (0, 1)).max() == 0
        colours.append(patch[0, 0])
        heights.append(patch.shape[0])
        widths.append(patch.shape[1])
    for sides in (heights, widths):
        assert 15 <= min(sides) < 30
        assert 50 < max(sides) <= 64
    assert np.std(colours, 0).min() > 0.2


def detail(image: np.ndarray) -> float:
    """Strength of details finer than about four pixels."""
    return float(np.abs(image - cv2.GaussianBlur(image, (0, 0), 2)).mean())


def checks() -> np.ndarray:
    """Squares of 8 pixels in two greys."""
    return np.kron(np.indices((25, 25)).sum(0) % 2, np.ones((8, 8)))[..., None].repeat(3, 2).astype(np.uint8) * 60 + 100


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"shrink_to": 20, "shrink_probability": 1}, id="shrink"),
        pytest.param({"blur": 3.0, "blur_probability": 1}, id="blur"),
    ],
)
def test_distance_and_blur_remove_detail(change):
    settings = dataclasses.replace(NOTHING, **change)
    ratios = [
        detail(one) / detail(bare)
        for one, bare in zip(variants(checks(), settings), variants(checks(), NOTHING), strict=True)
    ]
    assert max(ratios) <= 1.02
    assert max(ratios) / min(ratios) > 1.5  # the strength is random


def test_shrunk_faces_are_at_least_as_large_as_the_smallest_side():
    point = np.zeros((200, 200, 3), np.uint8)
    point[96:104, 96:104] = 255  # one pixel, or two by two, of a face of 25
    settings = dataclasses.replace(NOTHING, shrink_probability=1, shrink_to=25)
    widths = [(one.max(2).max(0) > 0.02).sum() for one in variants(point, settings, count=80)]
    assert min(widths) <= 10
    assert 17 < max(widths) <= 4 * 160 / 25


def test_noise_has_the_configured_strength():
    settings = dataclasses.replace(NOTHING, noise=0.1, noise_probability=1)
    strengths = [one.std() for one in variants(grey(128), settings)]
    assert 0 <= min(strengths) < 0.025
    assert 0.075 < max(strengths) <= 0.1005


def test_compression_stays_above_the_lowest_quality():
    settings = dataclasses.replace(NOTHING, jpeg_probability=1, jpeg_quality=60)
    bare = variants(checks(), NOTHING)
    errors = [np.abs(one - other).mean() for one, other in zip(variants(checks(), settings), bare, strict=True)]
    worst = []
    for other in bare:
        _, packed = cv2.imencode(".jpg", np.rint(other * 255).astype(np.uint8), (cv2.IMWRITE_JPEG_QUALITY, 60))
        worst.append(np.abs(cv2.imdecode(packed, cv2.IMREAD_COLOR) / np.float32(255) - other).mean())
    assert min(errors) > 0
    assert max(errors) <= max(worst) * 1.02
    assert max(errors) > 2 * min(errors)


@pytest.mark.parametrize("effect", ["occlude", "shrink", "blur", "noise", "jpeg"])
def test_an_effect_happens_with_its_configured_probability(effect):
    settings = dataclasses.replace(NOTHING, noise=0.1, **{f"{effect}_probability": 0.3})
    # On a picture of noise, every effect is visible.
    face = np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8)
    bare = {augmented.tobytes() for augmented in variants(face, NOTHING)}
    changed = sum(one.tobytes() not in bare for one in variants(face, settings, count=200))
    assert 40 <= changed <= 82  # 60 expected, plus and minus 3.3 standard deviations
