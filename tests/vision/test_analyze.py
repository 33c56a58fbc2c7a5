"""The faces of one picture, as ``maitred predict`` and a program of one's own get them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras import Frame, open_camera
from edge.cli import main
from edge.config import Settings
from edge.config.census import Census
from edge.config.detection import Detection as DetectionSettings
from edge.demo import CLIP
from edge.errors import BadInput
from edge.vision.analyze import Face, FaceAnalyzer
from edge.vision.demographics import Estimate
from edge.vision.detection import Detection

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def analyze() -> FaceAnalyzer:
    return FaceAnalyzer("mobile")


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    """Frames of the demo clip, some with several people in them."""
    with open_camera(str(CLIP)) as camera:
        return [frame for frame in camera if frame.index in range(0, 300, 30)]


def face(age: float, female_probability: float) -> Face:
    distribution = np.zeros(101, np.float32)
    distribution[round(age)] = 1
    landmarks = np.arange(12, dtype=np.float32).reshape(6, 2)
    return Face.of(Detection((1.25, 2, 30, 40), 0.9, landmarks), Estimate(distribution, female_probability), 13)


def test_faces_come_from_left_to_right_in_plain_numbers(analyze: FaceAnalyzer, frames: list[Frame]):
    found = [faces for frame in frames if (faces := analyze(frame.image))]
    assert len(max(found, key=len)) >= 2
    for faces in found:
        assert faces == sorted(faces, key=lambda face: face.box[0])
        for face in faces:
            assert all(type(value) is float for value in (*face.box, face.score, face.age, *face.age_interval))
            assert all(type(value) is float for point in face.landmarks for value in point)
            assert Settings().detection.min_score <= face.score <= 1
            assert face.age_interval[0] < face.age < face.age_interval[1]
            assert hash(face) == hash(face)
            left, top, width, height = face.box
            eye, other_eye, _, mouth = face.landmarks[:4]
            assert left < eye[0] < other_eye[0] < left + width
            assert top < eye[1] < mouth[1] < top + height


@pytest.mark.slow
def test_the_command_line_says_the_same(analyze: FaceAnalyzer, frames: list[Frame], tmp_path: Path, capsys):
    busiest = max(frames, key=lambda frame: len(analyze(frame)))
    cv2.imwrite(str(tmp_path / "photo.png"), busiest.image)
    assert main(["predict", str(tmp_path / "photo.png"), "--json", "--model", "mobile"]) == 0
    printed = json.loads(capsys.readouterr().out)["images"][0]["faces"]
    assert [
        {"box": [round(value, 1) for value in face.box], "age": round(face.age, 1), "gender": face.gender}
        for face in analyze(busiest.image)
    ] == [{key: face[key] for key in ("box", "age", "gender")} for face in printed]
    assert main(["predict", str(tmp_path / "photo.png")]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{tmp_path / 'photo.png'}: {face}" for face in analyze(busiest)]


def test_a_frame_of_a_camera_and_a_mirrored_view_of_an_array_are_pictures_too(
    analyze: FaceAnalyzer, frames: list[Frame]
):
    frame = next(frame for frame in frames if analyze(frame))
    assert analyze(frame) == analyze(frame.image)
    mirrored = frame.image[:, ::-1]
    assert not mirrored.flags["C_CONTIGUOUS"]
    assert analyze(mirrored) == analyze(mirrored.copy()) != []


def test_a_picture_without_faces_gives_an_empty_list_whatever_its_size(analyze: FaceAnalyzer):
    for shape in ((1, 1, 3), (1, 400, 3), (480, 640, 3)):
        assert analyze(np.full(shape, 90, np.uint8)) == []


def test_threads_that_share_an_analyzer_get_the_same_faces(analyze: FaceAnalyzer, frames: list[Frame]):
    few = frames[:4]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(analyze, few * 2))
    assert together == [analyze(frame) for frame in few] * 2


def test_anything_that_is_not_a_picture_is_refused(analyze: FaceAnalyzer, frames: list[Frame]):
    with pytest.raises(BadInput, match=r"float32 \(540, 960, 3\).*astype"):
        analyze(frames[0].image.astype(np.float32))
    with pytest.raises(BadInput, match="read the file first"):
        analyze("photo.jpg")  # type: ignore[arg-type]


def test_no_gender_is_given_below_the_configured_age(frames: list[Frame]):
    settings = Settings(census=Census(no_gender_below=30), detection=DetectionSettings(min_score=0.5))
    faces = [face for frame in frames for face in FaceAnalyzer("mobile", settings)(frame)]
    assert {face.gender for face in faces if face.age < 30} == {None}
    assert {face.gender for face in faces if face.age >= 30} <= {"female", "male"}
    assert len({face.age < 30 for face in faces}) == 2


@pytest.mark.parametrize("probability", [0.0, 0.3, 0.5, 1.0])
def test_a_face_says_what_is_known_of_it(probability: float):
    adult, child = face(40, probability), face(8, probability)
    assert adult.gender == ("female" if probability >= 0.5 else "male")
    assert adult.gender_probability == max(probability, 1 - probability)
    assert (child.gender, child.gender_probability, child.female_probability) == (None, None, None)


def test_a_face_is_printed_for_people_and_for_programmers():
    assert str(face(40, 0.9)) == "face 30x40 at 1,2: apparent age 40 (40-40), female (90 %)"
    assert str(face(8, 0.9)).endswith("a child: no gender")
    assert repr(face(40, 0.9)) == (
        "Face(box=(1, 2, 30, 40), score=0.90, age=40.0, age_interval=(39.6, 40.4), gender='female', "
        "female_probability=0.90)"
    )
    assert repr(face(8, 0.9)).endswith("gender=None, female_probability=None)")


@pytest.mark.slow
def test_the_model_is_a_name_or_a_path(tmp_path: Path, analyze: FaceAnalyzer, frames: list[Frame]):
    copy = tmp_path / "copy.tflite"
    copy.write_bytes((resources.files("edge") / "models" / "mobile.tflite").read_bytes())
    assert [FaceAnalyzer(copy)(frame) for frame in frames[:3]] == [analyze(frame) for frame in frames[:3]]
    assert repr(analyze) == "FaceAnalyzer('mobile')"
    with pytest.raises(BadInput, match="shipped: face, mobile, table1, vgg16"):
        FaceAnalyzer("mobil")
    with pytest.raises(BadInput, match="a model for face-detection, where one for demographics is needed"):
        FaceAnalyzer("face")
    with pytest.raises(BadInput, match="not something of type int"):
        FaceAnalyzer(7)  # type: ignore[arg-type]
