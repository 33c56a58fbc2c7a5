"""Bundles, the interpreter, crops and the search for faces, with the shipped models."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from edge.cameras import open_camera
from edge.demo import CLIP, TRUTH
from edge.errors import BadInput
from edge.vision import interpreter as runtime
from edge.vision.alignment import crop_face
from edge.vision.bundle import load_bundle, sealed, write_bundle
from edge.vision.card import Crop
from edge.vision.demographics import DemographicsEstimator, Estimate, pool
from edge.vision.detection import Detection
from edge.vision.detector import FaceDetector
from edge.vision.interpreter import Interpreter, InterpreterError
from edge.vision.tiling import LiveScan, find_faces
from tests.bundles import file_content

REFERENCE = Crop(landmarks=((0.3, 0.3), (0.7, 0.3), (0.5, 0.52), (0.5, 0.71)), margin=0.25)


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector(load_bundle("face"), 1, 0.5)


@pytest.fixture(scope="module")
def frames() -> list[tuple[np.ndarray, list[tuple[float, ...]]]]:
    """Frames of the demo clip with the boxes of the faces that are wholly in view."""
    truth = json.loads(TRUTH.read_text())
    width, height = truth["size"]
    boxes: dict[int, list[tuple[float, ...]]] = {}
    for patron in truth["patrons"]:
        for frame, x, y, w, h in patron["path"]:
            if w >= 24 and x >= 0 and y >= 0 and x + w <= width and y + h <= height:
                boxes.setdefault(frame, []).append((x, y, w, h))
    wanted = sorted(boxes)[::8]
    with open_camera(str(CLIP)) as camera:
        return [(frame.image, boxes[frame.index]) for frame in camera if frame.index in wanted]


# --- bundles


def test_a_bundle_written_twice_is_the_same_and_any_zip_reader_sees_its_card(tmp_path: Path):
    model = b"\x00" * 4 + b"TFL3" + b"\x00" * 64
    card = sealed(load_bundle("table1").card, model)
    for name in ("a", "b"):
        write_bundle(tmp_path / name, model, card)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as files:
        assert json.loads(files.read("card.json"))["name"] == "table1"
    assert load_bundle(str(tmp_path / "a")).card == card


def with_card(change: Callable[[dict], object]) -> bytes:
    content = file_content("table1")
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        values = json.loads(files.read("card.json"))
    change(values)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("card.json", json.dumps(values))
    return content[: content.index(b"PK\x03\x04")] + archive.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: b"just text, no model", id="text"),
        pytest.param(lambda: b"", id="empty"),
        pytest.param(lambda: file_content("table1")[:200_000], id="truncated in the model"),
        pytest.param(lambda: file_content("table1")[:-40], id="truncated in the card"),
        pytest.param(lambda: with_card(lambda c: c.update(schema_version=2)), id="another schema"),
        pytest.param(lambda: with_card(lambda c: c.update(innovation=1)), id="unknown field"),
        pytest.param(lambda: with_card(lambda c: c["outputs"].pop()), id="an output is missing"),
        pytest.param(lambda: with_card(lambda c: c["input"].update(width=160)), id="contradicts the input"),
        pytest.param(lambda: with_card(lambda c: c["outputs"][0].update(scale=0.5)), id="contradicts an output"),
    ],
)
def test_what_is_no_sound_bundle_is_refused_by_name(tmp_path: Path, content: Callable[[], bytes]):
    path = tmp_path / "odd.tflite"
    path.write_bytes(content())
    with pytest.raises(BadInput, match=r"odd\.tflite|table1"):
        load_bundle(str(path)).interpreter(1)


def test_an_unknown_model_is_answered_with_the_shipped_ones():
    with pytest.raises(BadInput, match=r"nobody.*face.*mobile.*table1"):
        load_bundle("nobody")


# --- interpreter


def test_the_outputs_do_not_depend_on_the_number_of_threads():
    bundle = load_bundle("table1")
    pixels = np.random.default_rng(1).integers(0, 256, (1, 180, 180, 3), np.uint8)
    one, *others = [bundle.interpreter(threads).run(pixels) for threads in (1, 2, 4)]
    for other in others:
        assert all((a == b).all() for a, b in zip(one, other, strict=True))


def test_a_wrong_input_is_named():
    with pytest.raises(InterpreterError, match="takes uint8"):
        load_bundle("table1").interpreter(1).run(np.zeros((1, 180, 180, 3), np.float32))


def test_without_a_runtime_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runtime, "RUNTIMES", ("no_such_runtime.interpreter",))
    with pytest.raises(InterpreterError, match="pip install ai-edge-litert"):
        Interpreter(b"")


def test_a_model_that_the_accelerated_kernels_refuse_runs_on_the_plain_ones(monkeypatch, caplog):
    """A stand-in runtime that refuses as LiteRT does for an in*w/out scale of 256."""
    real = runtime.load_runtime()

    def refusing(*, model_content: bytes, **options: object):
        if "experimental_op_resolver_type" not in options:
            raise RuntimeError("failed to create XNNPACK runtime")
        return real.Interpreter(model_content=model_content, **options)

    stand_in = SimpleNamespace(__name__="stand_in", Interpreter=refusing, OpResolverType=real.OpResolverType)
    monkeypatch.setattr(runtime, "load_runtime", lambda: stand_in)
    model = load_bundle("table1").model
    pixels = np.full((1, 180, 180, 3), 128, np.uint8)

    plain = Interpreter(model, name="odd").run(pixels)

    assert "odd" in caplog.text
    monkeypatch.undo()
    # The plain kernels round differently in places: the answers agree to a few steps of 1/256.
    for a, b in zip(plain, Interpreter(model).run(pixels), strict=True):
        assert np.abs(a.astype(int) - b).max() <= 20


def test_a_model_for_the_edge_tpu_says_what_is_missing():
    with pytest.raises(InterpreterError, match="libedgetpu1-std"):
        Interpreter(b"\x00" * 8 + runtime.EDGE_TPU_OP, name="odd")


# --- crops


@pytest.mark.parametrize("degrees", [0, -25, 40])
@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_landmarks_land_on_the_reference(degrees: float, scale: float):
    """Bright dots at the landmarks of a turned and scaled face are where the card wants them in the crop."""
    turn = np.deg2rad(degrees)
    rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    marks = ((np.array(REFERENCE.landmarks) * 100 - 50) @ rotation.T + [320, 240]).astype(np.float32)
    image = np.zeros((480, 640, 3), np.uint8)
    for x, y in marks:
        # In sixteenths of a pixel; OpenCV draws 0 in the middle of the first pixel, landmarks have it at the edge.
        centre = (round((float(x) - 0.5) * 16), round((float(y) - 0.5) * 16))
        cv2.circle(image, centre, round(3 * scale * 16), (255, 255, 255), cv2.FILLED, cv2.LINE_AA, shift=4)
    face = Detection((280, 200, 80, 80), 0.9, np.vstack([marks, marks[:2]]))

    crop = crop_face(image, face, REFERENCE, 180)

    for x, y in REFERENCE.landmarks:
        around = crop[int(y * 180) - 12 : int(y * 180) + 12, int(x * 180) - 12 : int(x * 180) + 12, 0].astype(float)
        rows, columns = np.indices(around.shape)
        centre = (rows * around).sum() / around.sum(), (columns * around).sum() / around.sum()
        assert np.allclose(centre, (11.5, 11.5), atol=2.5)


def test_a_crop_that_leaves_the_frame_is_padded_not_stretched():
    image = np.zeros((200, 200, 3), np.uint8)
    image[:, :50] = (10, 200, 30)
    odd = np.zeros((6, 2), np.float32)  # no face has all landmarks in one point: the box counts
    crop = crop_face(image, Detection((-40, 60, 80, 80), 0.9, odd), REFERENCE, 120)
    # The box with its margin spans x from -60 to 60: the green part ends at 110/120 of the crop.
    assert (crop[:, :108] == (10, 200, 30)).all()
    assert (crop[:, 114:] == 0).all()


# --- faces


def test_the_faces_of_a_photo_are_found_once_each(detector: FaceDetector, frames):
    wanted = found = extra = 0
    for image, boxes in frames:
        faces = [face for face in find_faces(image, detector) if face.score >= 0.6]
        for x, y, w, h in boxes:
            near = [f for f in faces if np.hypot(f.centre[0] - x - w / 2, f.centre[1] - y - h / 2) < w / 2]
            wanted += 1
            found += bool(near)
            extra += max(len(near) - 1, 0)
    assert wanted >= 20
    assert found >= 0.95 * wanted
    assert extra == 0


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (1280, 720), (1920, 1080)], ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("height", [24, 60, 150])
def test_faces_of_all_sizes_are_found_in_all_frames(detector: FaceDetector, frames, size, height: int):
    source, boxes = max(frames, key=lambda item: max(box[2] for box in item[1]))
    x, y, w, h = (round(v) for v in max(boxes, key=lambda box: box[2]))
    head = source[max(y - h // 2, 0) : y + 2 * h, max(x - w // 2, 0) : x + w + w // 2]
    factor = height / h
    head = cv2.resize(head, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)[: size[1], : size[0]]
    image = np.full((size[1], size[0], 3), 110, np.uint8)
    top, left = (size[1] - head.shape[0]) // 3, (size[0] - head.shape[1]) // 3
    image[top : top + head.shape[0], left : left + head.shape[1]] = head

    faces = find_faces(image, detector)

    assert len(faces) == 1
    assert 0.5 < faces[0].size / height < 1.8


def test_a_live_frame_never_costs_more_than_its_budget(detector: FaceDetector, frames, monkeypatch):
    calls = []
    detect = detector.detect
    monkeypatch.setattr(detector, "detect", lambda *arguments: calls.append(1) or detect(*arguments))
    scan = LiveScan(detector, 24, 3)
    known: list[tuple[float, float, float]] = [(5000.0, 10.0, 30.0)]  # somebody who has left the view does no harm
    for image, _ in frames:
        calls.clear()
        known = [(*face.centre, face.size) for face in scan.find(image, known)]
        assert len(calls) <= 1 + 3
    for _ in range(40):
        calls.clear()
        scan.find(image)
    assert not calls, "nothing moves, nobody is known: nothing is computed"


# --- demographics


def test_an_estimate_tells_its_age_and_interval():
    density = np.zeros(101, np.float32)
    density[30:41] = 1 / 11
    estimate = Estimate(density, 0.3)
    assert estimate.age == pytest.approx(35, abs=1e-4)
    low, high = estimate.age_interval
    assert (low, high) == pytest.approx((30.6, 39.4), abs=0.1)


def test_pooling_favours_what_all_agree_on():
    young, old = (np.exp(-0.5 * ((np.arange(101) - age) / 6) ** 2) for age in (30, 40))
    both = [Estimate((d / d.sum()).astype(np.float32), p) for d, p in ((young, 0.9), (old, 0.8))]
    assert pool(both).age == pytest.approx(35, abs=0.2)
    assert 0.8 < pool(both).female_probability < 0.9
    assert pool(both[::-1]).age == pytest.approx(pool(both).age)
    with pytest.raises(ValueError, match="nothing"):
        pool([])


def test_the_default_model_tells_old_from_young_and_women_from_men(utkface: Path):
    estimator = DemographicsEstimator(load_bundle("mobile"), 1)

    def mean(pattern: str) -> tuple[float, float]:
        chips = [cv2.imread(str(path)) for path in sorted(utkface.glob(pattern))[:40]]
        estimates = [estimator.estimate(chip) for chip in chips]
        return float(np.mean([e.age for e in estimates])), float(np.mean([e.female_probability for e in estimates]))

    woman_26, man_26, woman_70 = mean("26_1_*"), mean("26_0_*"), mean("70_1_*")
    assert abs(woman_26[0] - 26) < 5
    assert woman_70[0] > 50
    assert woman_26[1] > 0.85
    assert man_26[1] < 0.2
