"""The simulator: reproducible files, a truth that fits the pictures, and conditions that have their effect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras import Frame, open_camera
from edge.cli import main
from edge.config import Settings
from edge.config.entrance import Entrance
from edge.counting.frame_analyzer import ModelFrameAnalyzer
from edge.counting.visit import Visit
from edge.errors import BadInput
from edge.vision.demographics import Estimate, pool
from edge.vision.models import Models
from training.simulation.camera_effects import CameraEffects
from training.simulation.conditions import PRESETS, Conditions, conditions_of
from training.simulation.crowd import plan_routes
from training.simulation.error_list import list_errors
from training.simulation.evaluate import LINE, as_json, every_frame_of
from training.simulation.observe import CountedVisit, Observation, observe
from training.simulation.replay import RecordingAnalyzer, ReplayAnalyzer
from training.simulation.scene import SimulatedScene, draw_scene
from training.simulation.score import score

pytestmark = pytest.mark.slow

GREEN = (40, 230, 40)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Labelled pictures of one plain colour instead of faces, so that they are easy to find in a frame."""
    folder = tmp_path / "faces"
    folder.mkdir()
    for number in range(6):
        picture = np.full((200, 200, 3), GREEN, np.uint8)
        picture[:4, :4] = number  # no two are the same
        cv2.imwrite(str(folder / f"{20 + number}_{number % 2}_0_2017{number:08d}.png"), picture)
    return folder


def simulate(faces: Path, out: Path, *options: str) -> dict:
    arguments = ["simulate", "--faces", str(faces), "--patrons", "2", "--seed", "5", "--split", "all"]
    assert main([*arguments, "--size", "320x180", "--fps", "5", "--out", str(out), *options]) == 0
    return json.loads((out / "truth.json").read_text())


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(faces: Path, tmp_path: Path):
    pytest.importorskip("av")
    one, two, other = (tmp_path / name for name in ("one", "two", "other"))
    simulate(faces, one, "--dropped", "0.2")
    simulate(faces, two, "--dropped", "0.2")
    simulate(faces, other, "--dropped", "0.2", "--seed", "6")

    for name in ("clip.mp4", "truth.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
        assert (one / name).read_bytes() != (other / name).read_bytes()


def test_lost_frames_are_missing_from_the_clip_and_the_others_keep_their_times(faces: Path, tmp_path: Path):
    pytest.importorskip("av")
    truth = simulate(faces, tmp_path / "out", "--dropped", "0.3")
    with open_camera(str(tmp_path / "out" / "clip.mp4")) as camera:
        times = [frame.time_s for frame in camera]

    assert times == pytest.approx(truth["times"], abs=0.002)
    steps = np.diff(times)
    assert steps.min() == pytest.approx(0.2, abs=0.002)
    assert steps.max() > 0.39


def test_a_face_is_where_the_truth_says(faces: Path):
    conditions = Conditions(crowd=1, fps=5, noise=0, blur=0, flicker=0)
    scene = draw_scene(faces, "all", 3, conditions, 4)
    truth = scene.truth("")
    checked = 0
    for index, (_, image) in enumerate(scene.frames()):
        rows = [row for patron in truth["patrons"] for row in patron["path"] if row[0] == index and row[5]]
        green = np.abs(image.astype(int) - GREEN[::-1]).sum(axis=2) < 60
        if len(rows) == 1:
            _, x, y, width, height, _ = rows[0]
            down, across = np.nonzero(green)
            assert across.mean() == pytest.approx(x + width / 2, abs=0.25 * width)
            assert down.mean() == pytest.approx(y + height / 2, abs=0.25 * height)
            checked += 1
    assert checked > 10


def test_a_crowd_stays_within_its_limit_and_comes_from_both_sides():
    camera = Conditions().camera
    for crowd in (1, 2, 6):
        routes = plan_routes(camera, 60, crowd, np.random.default_rng(crowd))
        moments = np.arange(0, max(route.trajectory.end for route in routes), 0.25)
        present = [sum(route.trajectory.start <= t <= route.trajectory.end for route in routes) for t in moments]
        assert crowd - 1 <= max(present) <= crowd
        assert {route.kind for route in routes} == {"in", "out", "u-turn", "approach"}
        for route in routes:
            first, last = route.trajectory.keyframes[0][1], route.trajectory.keyframes[-1][1]
            if route.kind == "in":
                assert first < 0 < last
            if route.kind == "out":
                assert last < 0 < first
            if route.kind == "u-turn":
                assert np.sign(first) == np.sign(last)
                assert route.direction is None


def test_the_camera_effects_change_light_sharpness_and_noise():
    image = np.zeros((180, 320, 3), np.uint8)
    image[:, 160:] = 200

    def exposed(**changes: float) -> np.ndarray:
        neutral = {"width": 320, "height": 180, "noise": 0, "blur": 0, "flicker": 0}
        return CameraEffects(Conditions(**(neutral | changes)), 1).expose(image, 3.0, 7)

    assert np.array_equal(exposed(), image)
    assert exposed(light=0.5)[:, 200:].mean() == pytest.approx(100, abs=1)
    assert 0 < exposed(blur=2)[90, 158, 0] < 200
    assert exposed(noise=8)[:, 200:].std() == pytest.approx(8, rel=0.1)
    assert exposed(flicker=0.5)[:, 200:].mean() != pytest.approx(200, abs=2)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        pytest.param({"fps": 60}, "fps = 60", id="fps"),
        pytest.param({"dropped": 1.0}, "dropped = 1.0", id="all frames lost"),
        pytest.param({"width": 321}, "321x540", id="odd width"),
    ],
)
def test_impossible_conditions_are_named(changes: dict, named: str):
    with pytest.raises(BadInput, match=named):
        conditions_of("calm", **changes)
    with pytest.raises(BadInput, match="foggy"):
        conditions_of("foggy")


def test_the_presets_have_the_documented_conditions():
    assert PRESETS["calm"].crowd == 2
    assert (PRESETS["busy"].crowd, PRESETS["busy"].width, PRESETS["busy"].height) == (6, 1280, 720)
    assert (PRESETS["rough"].fps, PRESETS["rough"].dropped) == (8, 0.1)


def test_bad_usage_exits_with_2(faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    common = ["simulate", "--seed", "1", "--out", str(tmp_path / "x")]
    for arguments, named in (
        ([*common, "--faces", str(tmp_path / "none"), "--patrons", "1"], "no such folder"),
        ([*common, "--faces", str(faces), "--patrons", "0"], "--patrons 0"),
        ([*common, "--faces", str(faces), "--patrons", "1", "--size", "big"], "--size big"),
    ):
        assert main(arguments) == 2
        assert named in capsys.readouterr().err


def test_patrons_with_real_faces_are_counted_and_scored(utkface: Path, tmp_path: Path):
    """The whole measurement on a small calm scene: one visit for each patron, mostly with a single track."""
    pytest.importorskip("motmetrics")
    scene = draw_scene(utkface, "train", 3, conditions_of("calm", crowd=1, fps=10), 2)
    truth = scene.truth("")
    settings = Settings(entrance=Entrance(**LINE))
    models = Models.open(settings.detection, settings.demographics)
    recorder = RecordingAnalyzer(models, settings.detection)
    seen = observe(_frames(scene), settings, recorder)
    found = score(seen, truth)

    assert found["patrons"] == sum(patron["counts"] for patron in truth["patrons"]) >= 2
    assert (found["visits"], found["missed"], found["switches"]) == (found["patrons"], 0, 0)
    assert found["idf1"] > 0.9
    assert found["direction_right"] == 1
    assert found["dwell_error_s"] < 1.0
    # The score notices a visit that is missing and directions that are wrong.
    assert score(_without(seen, 1), truth)["missed"] == 1
    wrong_way = json.loads(json.dumps(truth))
    for patron in wrong_way["patrons"]:
        patron["direction"] = {"in": "out", "out": "in", None: "in"}[patron["direction"]]
    assert score(seen, wrong_way)["direction_right"] == 0

    # The list of errors is empty, and names the visit that was removed and the directions that were swapped.
    assert list_errors(seen, truth) == []
    assert [line.split()[2] for line in list_errors(_without(seen, 1), truth)] == ["missed"]
    assert {line.split()[2] for line in list_errors(seen, wrong_way)} == {"direction"}

    # Every other frame is enough, with the truth about those frames.
    even = (frame for frame in _frames(scene) if frame.index % 2 == 0)
    sparse = observe(even, settings, ModelFrameAnalyzer(models, settings.detection))
    half = score(sparse, every_frame_of(truth, 2))
    assert (half["patrons"], half["visits"], half["missed"]) == (found["patrons"], found["patrons"], 0)
    assert half["recall"] > 0.9
    assert half["idf1"] > 0.9

    # A replay of the recording gives the same tracks and visits as the clip.
    recorder.write(tmp_path / "tape.npz")
    replay = ReplayAnalyzer(tmp_path / "tape.npz")
    again = observe(replay, settings, replay)
    assert again.boxes == seen.boxes
    assert [one.visit for one in again.visits] == [one.visit for one in seen.visits]


@pytest.mark.parametrize(("counts", "count_error"), [(True, 1.0), (False, None)])
def test_a_scene_without_any_visit_can_be_scored(counts: bool, count_error: float | None):
    pytest.importorskip("motmetrics")
    patron = {
        "id": 1, "counts": counts, "age": 30, "gender": "female", "direction": "in", "from_s": 0.0, "to_s": 0.1,
        "path": [[0, 10, 10, 20, 20, 1], [1, 10, 10, 20, 20, 1]],
    }  # fmt: skip
    truth = {"times": [0.0, 0.1], "size": [100, 100], "patrons": [patron]}

    found = as_json(score(Observation(times=[0.0, 0.1], boxes=[{}, {}]), truth))

    json.dumps(found, allow_nan=False)
    assert (found["visits"], found["missed"]) == (0, int(counts))
    assert (found["count_error"], found["direction_right"]) == (count_error, None)


@pytest.mark.parametrize(
    ("estimates", "single", "visit", "most"),
    [
        pytest.param([0.9, 0.8, 0.4, 0.9], 0.25, 0.0, 0.0, id="one frame is wrong"),
        pytest.param([0.4, 0.4, 0.4, 0.9], 0.75, 0.0, 1.0, id="most are wrong, but unsure"),
        pytest.param([0.1, 0.1, 0.1, 0.9], 0.75, 1.0, 1.0, id="most are wrong"),
    ],
)
def test_genders_of_visits_and_of_single_frames(estimates: list[float], single: float, visit: float, most: float):
    pytest.importorskip("motmetrics")
    shots = [Estimate(np.eye(101, dtype=np.float32)[30], female) for female in estimates]
    path = [[n, 10, 10, 20, 20, 1] for n in range(len(estimates))]
    patron = {"id": 1, "counts": True, "age": 30, "gender": "female", "direction": None, "from_s": 0.0, "to_s": 3.0}
    pooled = pool(shots)
    visit_of_patron = Visit(0.0, 3.0, 4, pooled.age, pooled.age_interval, pooled.female_probability)
    seen = Observation(
        [0.0, 1.0, 2.0, 3.0], [{7: (10.0, 10.0, 20.0, 20.0)}] * 4, [CountedVisit(7, visit_of_patron, shots)], {7: shots}
    )

    found = score(seen, {"times": seen.times, "size": [100, 100], "patrons": [{**patron, "path": path}]})

    assert found["gender_error_single"] == pytest.approx(single)
    assert found["gender_error_visit"] == pytest.approx(visit)
    assert found["gender_error_in_most_frames"] == pytest.approx(most)


def test_a_file_that_is_not_a_recording_is_refused_by_name(tmp_path: Path):
    (tmp_path / "tape.npz").write_bytes(b"nothing")
    with pytest.raises(BadInput, match=r"tape\.npz: not a recording"):
        ReplayAnalyzer(tmp_path / "tape.npz")


def _frames(scene: SimulatedScene) -> Iterator[Frame]:
    for index, (number, image) in enumerate(scene.frames()):
        yield Frame(np.ascontiguousarray(image[..., ::-1]), number / scene.conditions.fps, index)


def _without(seen, number: int):
    from copy import copy

    fewer = copy(seen)
    fewer.visits = seen.visits[number:]
    return fewer
