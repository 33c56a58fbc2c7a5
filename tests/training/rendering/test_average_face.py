"""Averages of generated pictures, and of real faces where the shared data is available."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import BadInput
from training.data.dataset import Sample, read_dataset
from training.rendering.average_face import FaceSelection, average_face

pytestmark = pytest.mark.slow

GROWN_UPS = FaceSelection("female", 20, 40)
UTKFACE = Path(__file__).resolve().parents[4] / "shared/data/utkface"


def drawn_face(rng: np.random.Generator) -> np.ndarray:
    """A face-like BGR picture of 200 x 200 pixels with random blotches; no two are the same."""
    image = np.full((200, 200, 3), rng.integers(60, 200, 3), np.uint8)
    skin = np.array((120, 150, 210)) + rng.integers(-15, 16)
    cv2.ellipse(image, (100, 105), (80, 98), 0, 0, 360, skin.tolist(), -1)
    across, down = rng.integers(-3, 4, 2).tolist()
    for side in (-1, 1):
        cv2.ellipse(image, (100 + side * 38 + across, 70 + down), (17, 8), 0, 0, 360, (40, 40, 50), -1)
        cv2.line(image, (100 + side * 20, 50 + down), (100 + side * 58, 50 + down), (50, 60, 80), 5)
    cv2.ellipse(image, (100 + across, 110 + down), (12, 16), 0, 0, 360, (90, 120, 180), -1)
    cv2.ellipse(image, (100 + across, 152 + down), (30, 9), 0, 0, 360, (70, 60, 170), -1)
    blotches = cv2.GaussianBlur(rng.standard_normal((200, 200)), (0, 0), 4)
    return np.clip(image + (18 * blotches / blotches.std())[..., None], 0, 255).astype(np.uint8)


def saved(folder: Path, pictures: list[np.ndarray], age: int = 30) -> list[Sample]:
    """Write pictures under UTKFace names and list them."""
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{age}_1_0_2017{age:03d}{number:06d}.png"), picture)
    return read_dataset(folder).samples


@pytest.fixture
def faces(tmp_path: Path) -> list[Sample]:
    rng = np.random.default_rng(1)
    return saved(tmp_path, [drawn_face(rng) for _ in range(40)])


def sample(age: tuple[int, int] | None = (30, 30), gender: int | None = 1, ethnicity: str | None = "asian") -> Sample:
    return Sample(Path("x.jpg"), "0" * 64, age, gender, ethnicity)


@pytest.mark.parametrize(
    ("one", "selection", "matches"),
    [
        pytest.param(sample(), FaceSelection("female", 30, 30), True, id="ages are inclusive"),
        pytest.param(sample(), FaceSelection("male", 30, 30), False, id="other gender"),
        pytest.param(sample((20, 29)), FaceSelection("female", 25, 30), False, id="the middle of an age range counts"),
        pytest.param(sample(None), FaceSelection("female", 0, 100), False, id="unknown age"),
        pytest.param(sample(gender=None), FaceSelection("female", 0, 100), False, id="unknown gender"),
        pytest.param(sample(), FaceSelection("female", 20, 40, "asian"), True, id="selected ethnicity"),
        pytest.param(sample(ethnicity=None), FaceSelection("female", 20, 40, "asian"), False, id="unknown ethnicity"),
    ],
)
def test_only_samples_with_the_selected_labels_are_averaged(one: Sample, selection: FaceSelection, matches: bool):
    assert selection.matches(one) is matches


def test_an_average_face_is_a_copy_of_none_of_the_faces_in_it(faces: list[Sample]):
    face_picture = average_face(faces, GROWN_UPS, np.random.default_rng(7), count=20)

    assert face_picture.image.shape == (200, 200, 3)
    assert face_picture.image.dtype == np.uint8
    assert (face_picture.age, face_picture.gender, face_picture.faces_averaged) == (30, "female", 20)
    cheek = np.s_[90:140, 30:60]
    mean = face_picture.image[cheek].mean(axis=2)
    for one in faces:
        own = cv2.imread(str(one.path))[cheek].mean(axis=2)
        # Each face's own blotches must be gone.
        assert np.corrcoef(mean.ravel(), own.ravel())[0, 1] < 0.7


def test_an_average_face_is_rgb(faces: list[Sample]):
    red, _, blue = average_face(faces, GROWN_UPS, np.random.default_rng(7)).image[100:140, 30:60].mean(axis=(0, 1))

    assert red > blue + 40


def test_an_average_face_has_the_mean_age_of_the_faces_in_it(tmp_path: Path):
    rng = np.random.default_rng(2)
    saved(tmp_path, [drawn_face(rng) for _ in range(20)], age=22)
    faces = saved(tmp_path, [drawn_face(rng) for _ in range(20)], age=38)

    face_picture = average_face(faces, GROWN_UPS, np.random.default_rng(0), count=24)

    old = (face_picture.age - 22) / 16 * face_picture.faces_averaged
    assert old == pytest.approx(round(old))
    assert 22 < face_picture.age < 38


def test_the_same_seed_gives_the_same_pixels_and_the_order_of_samples_does_not_matter(faces: list[Sample]):
    first = average_face(faces, GROWN_UPS, np.random.default_rng(7))
    again = average_face(faces[::-1], GROWN_UPS, np.random.default_rng(7))

    assert np.array_equal(first.image, again.image)


def test_grey_pictures_are_left_out(tmp_path: Path):
    rng = np.random.default_rng(3)
    colour = [drawn_face(rng) for _ in range(40)]
    grey = [cv2.cvtColor(cv2.cvtColor(drawn_face(rng), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR) for _ in range(40)]

    with pytest.raises(BadInput, match="only 0 of 40"):
        average_face(saved(tmp_path, grey), GROWN_UPS, np.random.default_rng(0))
    mixed = average_face(saved(tmp_path, grey + colour), GROWN_UPS, np.random.default_rng(0))
    (tmp_path / "colour").mkdir()
    pure = average_face(saved(tmp_path / "colour", colour), GROWN_UPS, np.random.default_rng(0))
    saturation = [cv2.cvtColor(p.image, cv2.COLOR_RGB2HSV)[..., 1][60:150, 50:150].mean() for p in (mixed, pure)]
    assert saturation[0] == pytest.approx(saturation[1], rel=0.05)


def test_pictures_with_lettering_are_left_out(tmp_path: Path):
    rng = np.random.default_rng(4)
    saved(tmp_path, [drawn_face(rng) for _ in range(36)], age=30)
    lettered = [drawn_face(rng) for _ in range(8)]
    for picture in lettered:
        cv2.putText(picture, "AGENCY", (38, 128), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 4)

    face_picture = average_face(saved(tmp_path, lettered, age=40), GROWN_UPS, np.random.default_rng(0), count=20)

    # The mean age shows whether one of the lettered, older faces is in it.
    assert face_picture.age == 30


def test_of_pictures_that_look_like_one_person_only_one_is_used(tmp_path: Path):
    rng = np.random.default_rng(5)
    others = [drawn_face(rng) for _ in range(36)]
    twins = [np.clip(others[0].astype(int) + 3 * shift, 0, 255).astype(np.uint8) for shift in range(8)]
    saved(tmp_path, others[1:], age=30)
    faces = saved(tmp_path, twins, age=40)

    face_picture = average_face(faces, GROWN_UPS, np.random.default_rng(0), count=30)

    assert face_picture.faces_averaged >= 16
    assert round((face_picture.age - 30) / 10 * face_picture.faces_averaged) <= 1


@pytest.mark.parametrize(
    ("selection", "count", "message"),
    [
        pytest.param(GROWN_UPS, 8, "at least 16", id="a mean of few could look like one of them"),
        pytest.param(
            FaceSelection("male", 20, 40),
            24,
            "0 of 0 faces labelled any male 20-40.*widen",
            id="no face with the labels",
        ),
        pytest.param(
            FaceSelection("female", 20, 40, "indian"), 24, "indian female 20-40", id="no face of the ethnicity"
        ),
    ],
)
def test_too_few_faces_are_refused_with_the_way_out(
    faces: list[Sample], selection: FaceSelection, count: int, message: str
):
    with pytest.raises(BadInput, match=message):
        average_face(faces, selection, np.random.default_rng(0), count)


@pytest.mark.skipif(not UTKFACE.is_dir(), reason="needs the shared UTKFace folder, which is not here")
def test_the_average_of_real_faces_is_frontal_and_unlike_each_of_them(tmp_path: Path):
    for path in sorted(UTKFACE.glob("26_1_*"))[:300]:
        (tmp_path / path.name).symlink_to(path)
    faces = read_dataset(tmp_path).of("train")

    face_picture = average_face(faces, FaceSelection("female", 26, 26), np.random.default_rng(7))

    middle = face_picture.image[20:190, 20:180].astype(float)
    mirrored = face_picture.image[:, ::-1][20:190, 20:180].astype(float)
    assert np.corrcoef(middle.ravel(), mirrored.ravel())[0, 1] > 0.9
    assert face_picture.faces_averaged == 24
    for one in faces:
        real = cv2.cvtColor(cv2.imread(str(one.path)), cv2.COLOR_BGR2RGB)[20:190, 20:180].astype(float)
        assert np.abs(middle - real).mean() > 6, one.path.name
