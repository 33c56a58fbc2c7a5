"""Recordings with and without faces, and the verification that tells faces from other things."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge.cameras import Playback, open_camera
from edge.config import Settings
from edge.counting import recording
from edge.counting.recording import count_recording, open_recording
from edge.counting.visit import Visit
from edge.demo import CLIP, TRUTH
from edge.errors import BadInput
from edge.vision.face_verification import are_verified, context_of
from edge.vision.models import Models
from tests.faces import face


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.open(Settings().detection, Settings().demographics)


def test_the_context_puts_the_face_in_the_middle_at_a_fixed_size():
    image = np.zeros((300, 400, 3), np.uint8)
    image[80:120, 280:320] = 255
    context = context_of(image, face(300, 100, 40), 180)  # 180 / 4.5: the face fills 40 pixels
    rows, columns = np.nonzero(context[..., 0] > 128)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx((70, 109, 70, 109), abs=1)
    # 90 pixels around 300 reach to 390: beyond the frame's right edge at 400 nothing is needed, above it is black.
    assert (context_of(np.full_like(image, 255), face(300, 20, 40), 180)[:65] == 0).all()


@pytest.mark.slow
def test_verification_tells_faces_from_things_that_only_look_like_faces(models: Models):
    truth = json.loads(TRUTH.read_text())
    places = {frame: (x, y, w, h) for patron in truth["patrons"] for frame, x, y, w, h in patron["path"] if 40 < w < 80}
    true, false = [], []
    with open_camera(str(CLIP)) as camera:
        for frame in camera:
            if frame.index in places and len(true) < 12:
                x, y, w, h = places[frame.index]
                size = models.detector.input_size
                true.append(context_of(frame.image, face(x + w / 2, y + h / 2, float(np.sqrt(w * h))), size))
                false.append(context_of(frame.image, face(x + w / 2, y + 4 * h, float(np.sqrt(w * h))), size))  # legs
    assert len(true) == 12

    def verdict(contexts: list[np.ndarray]) -> bool:
        return are_verified(contexts, models.detector)

    assert sum(verdict([context]) for context in true) >= 11
    assert not any(verdict([context]) for context in false)
    assert verdict(true[:3] + false[:2])
    assert not verdict(true[:2] + false[:3])
    assert not verdict([])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["store-aisle-detection.gif", "people-detection.gif"])
def test_people_whose_faces_are_not_seen_are_not_visits(clips: Path, name: str):
    with open_camera(str(clips / name)) as camera:
        counted = count_recording(camera, Settings())
    assert counted.frames > 20
    assert counted.visits == ()


@pytest.mark.slow
def test_a_visit_has_times_age_and_probability(clips: Path):
    steps = []
    with open_camera(str(clips / "face-demographics-walking.gif")) as camera:
        counted = count_recording(camera, Settings(), progress=lambda *step: steps.append(step))
    assert len(counted.visits) == 2
    assert steps[-1] == (counted.frames, counted.seconds)
    assert counted.frames == 35
    assert 2.5 < counted.seconds < 3.0
    for visit in counted.visits:
        assert 0 <= visit.started_at < visit.ended_at <= counted.seconds
        assert visit.dwell_s > 1.5
        assert 20 <= visit.observations <= 35
        assert visit.age is not None
        assert visit.age_interval is not None
        assert 18 < visit.age < 70  # two grown-ups
        assert visit.age_interval[0] < visit.age < visit.age_interval[1]
        assert visit.female_probability is not None
        assert 0 < visit.female_probability < 1
        assert visit.gender in ("female", "male")


@pytest.mark.slow
def test_a_patron_of_the_demo_is_one_visit_with_the_right_gender():
    """In the first seven seconds one man walks in alone, and the visit of another patron has only just begun."""
    truth = json.loads(TRUTH.read_text())["patrons"][0]
    with open_camera(str(CLIP)) as camera:
        counted = count_recording((frame for frame in camera if frame.time_s < 7), Settings())
    first = min(counted.visits, key=lambda visit: visit.started_at)
    assert first.gender == truth["gender"]
    assert first.age == pytest.approx(truth["age"], abs=12)
    assert first.started_at == pytest.approx(truth["from_s"], abs=1)
    assert first.ended_at == pytest.approx(truth["to_s"], abs=0.5)
    assert sum(visit.ended_at < 6.9 and visit.started_at < 5 for visit in counted.visits) == 1


def test_a_live_camera_is_refused_as_a_recording(monkeypatch: pytest.MonkeyPatch):
    class Live(Playback):
        closed = 0

        def _release(self) -> None:
            Live.closed += 1
            super()._release()

    monkeypatch.setattr(recording, "open_camera", lambda uri: Live(lambda: open_camera(uri)))
    with pytest.raises(BadInput, match=r"demo\.mp4: a live camera never ends"):
        open_recording(CLIP)
    assert Live.closed == 1


@pytest.mark.parametrize(
    ("visit", "words"),
    [
        (Visit(1, 7.25, 90, 34, (28, 41), 0.17, "in"), "6.2 s in view: apparent age 34 (28-41), male (83 %), came in"),
        (Visit(1, 2, 9, 8, (5, 11), None, "out"), "1.0 s in view: apparent age 8 (5-11), a child: no gender, went out"),
        (Visit(1, 2, 9, excluded=True), "1.0 s in view: staff"),
        (Visit(1, 2, 9), "1.0 s in view: not classified"),
    ],
)
def test_a_visit_is_printed_as_a_sentence(visit: Visit, words: str):
    assert str(visit) == words
