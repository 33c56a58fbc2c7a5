"""``maitred predict`` on what people really have in a folder."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras import open_camera
from edge.config import Settings
from edge.demo import CLIP, TRUTH

pytestmark = pytest.mark.slow

EXIF_ORIENTATION = 6
"""The camera was turned: the picture has to be rotated clockwise to stand upright."""
NO_GENDER_BELOW = Settings().census.no_gender_below


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """A frame of the demo clip with a large face in it."""
    import json

    patrons = json.loads(TRUTH.read_text())["patrons"]
    inside = [(w * h, frame) for p in patrons for frame, x, y, w, h in p["path"] if x > 0 and y > 0]
    wanted = max(inside)[1]
    with open_camera(str(CLIP)) as camera:
        return next(frame.image for frame in camera if frame.index == wanted)


def with_exif_orientation(jpeg: bytes, orientation: int) -> bytes:
    tiff = b"II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00" + bytes([orientation]) + b"\x00" * 7
    segment = b"Exif\x00\x00" + tiff
    return jpeg[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + jpeg[2:]


def test_good_photos_get_an_answer_and_each_bad_one_is_named(maitred, tmp_path: Path, photo: np.ndarray):
    folder = tmp_path / "photos"
    folder.mkdir()
    cv2.imwrite(str(folder / "plain.jpg"), photo)
    cv2.imwrite(str(folder / "sixteen.png"), photo.astype(np.uint16) * 257)
    cv2.imwrite(str(folder / "grey.jpg"), cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY))
    turned = cv2.imencode(".jpg", cv2.rotate(photo, cv2.ROTATE_90_COUNTERCLOCKWISE))[1].tobytes()
    (folder / "turned.jpg").write_bytes(with_exif_orientation(turned, EXIF_ORIENTATION))
    (folder / "text.jpg").write_text("not a photo at all\n" * 50)
    (folder / "empty.jpg").touch()
    cv2.imwrite(str(folder / "pixel.png"), np.zeros((1, 1, 3), np.uint8))

    done = maitred("predict", folder, "--json", "--out", tmp_path / "out")

    assert done.code == 1, done.err
    assert "3 of 7 photos could not be read" in done.err
    answers = {Path(image["file"]).name: image for image in done.json["images"]}
    assert set(answers) == {"plain.jpg", "sixteen.png", "grey.jpg", "turned.jpg"}
    height, width = photo.shape[:2]
    plain = answers["plain.jpg"]["faces"]
    assert plain
    for name, answer in answers.items():
        assert (answer["width"], answer["height"]) == (width, height), name
        assert len(answer["faces"]) == len(plain), name
        for face, expected in zip(answer["faces"], plain, strict=True):
            assert set(face) == {"box", "score", "age", "age_interval", "gender", "female_probability"}
            assert np.allclose(face["box"], expected["box"], atol=0.15 * expected["box"][2]), name
            if face["gender"] is None:  # decided before the age is rounded
                assert (face["female_probability"], face["age"] <= NO_GENDER_BELOW) == (None, True), name
            else:
                assert face["age"] >= NO_GENDER_BELOW, name
                assert face["gender"] == ("female" if face["female_probability"] >= 0.5 else "male"), name
    for face, expected in zip(answers["sixteen.png"]["faces"], plain, strict=True):
        # A face of few pixels may change by more: the other file is a JPEG.
        assert expected["box"][2] < 80 or abs(face["age"] - expected["age"]) < 3
    for bad in ("text.jpg", "empty.jpg", "pixel.png"):
        assert bad in done.err
        assert any(bad in error["file"] for error in done.json["errors"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "grey.jpg", "plain.jpg", "sixteen.jpg", "turned.jpg",
    ]  # fmt: skip


def test_a_child_gets_no_gender_and_a_grown_up_gets_one(maitred, utkface: Path):
    children, adults = (sorted(utkface.glob(f"{age}_*_0_*.jpg"))[:5] for age in ("3", "30"))

    done = maitred("predict", *children, *adults, "--json")
    words = maitred("predict", *children[:1])

    faces = {Path(image["file"]): image["faces"][0] for image in done.json["images"] if image["faces"]}
    assert {(faces[path]["gender"], faces[path]["female_probability"]) for path in children} == {(None, None)}
    assert {faces[path]["gender"] for path in adults} <= {"female", "male"}
    assert "a child: no gender" in words.out


def test_the_annotated_copy_shows_a_box_around_the_face(maitred, tmp_path: Path, photo: np.ndarray):
    cv2.imwrite(str(tmp_path / "photo.png"), photo)

    done = maitred("predict", "photo.png", "--out", "out", "--json")

    drawn = cv2.imread(str(tmp_path / "out" / "photo.jpg"))
    assert drawn.shape == photo.shape
    changed = np.abs(drawn.astype(int) - photo).max(2) > 30
    x, y, w, _h = (round(v) for v in done.json["images"][0]["faces"][0]["box"])
    assert changed[max(y - 2, 0) : y + 3, x : x + w].any(0).mean() > 0.9, "the upper edge of the box"
    assert changed.mean() < 0.2, "the rest of the photo is untouched"


def test_if_no_photo_can_be_read_that_is_an_error(maitred, tmp_path: Path):
    (tmp_path / "text.jpg").write_text("no")

    done = maitred("predict", "text.jpg", "gone.jpg")

    assert done.code == 2
    assert "text.jpg" in done.err
    assert "gone.jpg" in done.err


def test_photos_of_the_same_name_do_not_overwrite_each_other(maitred, tmp_path: Path, photo: np.ndarray):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / "photo.jpg"), photo)

    assert maitred("predict", "a/photo.jpg", "b/photo.jpg", "--out", "out").code == 0

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["photo-2.jpg", "photo.jpg"]


def test_a_face_is_found_in_a_tight_portrait(maitred, utkface: Path):
    portraits = sorted(utkface.glob("3[05]_1_0_*.jpg"))[:6]

    done = maitred("predict", *portraits, "--json")

    found = [image for image in done.json["images"] if len(image["faces"]) == 1]
    assert len(found) >= 5


def test_annotated_copies_beside_the_photos_replace_none_of_them(maitred, tmp_path: Path, photo: np.ndarray):
    cv2.imwrite(str(tmp_path / "plain.jpg"), photo)
    before = (tmp_path / "plain.jpg").read_bytes()

    assert maitred("predict", tmp_path / "plain.jpg", "--out", tmp_path).code == 0

    assert (tmp_path / "plain.jpg").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain-2.jpg", "plain.jpg"]
