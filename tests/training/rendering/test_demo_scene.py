"""The drawn scene with coloured ellipses instead of faces, and the shipped clip compared with its truth."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

import training.rendering.demo_scene
from edge.cameras import open_camera
from edge.demo import CLIP, TRUTH
from edge.errors import BadInput, MaitredError
from training.rendering.average_face import FacePicture
from training.rendering.demo_cast import DEMO_CAST
from training.rendering.demo_scene import (
    FPS,
    Patron,
    Scene,
    clip_frames,
    demo_scene,
    ground_truth,
    main,
    write_clip,
    write_truth,
)
from training.rendering.person import Person, PersonStyle, Pose
from training.rendering.room import DOOR, WALL_Z
from training.rendering.trajectory import Trajectory

pytestmark = pytest.mark.slow

STYLE = PersonStyle(1.72, "short", (40, 30, 20), "shirt", (60, 90, 160), (50, 50, 60))
MAGENTA = (220, 40, 200)
APPROACH = Trajectory(((0.0, 0.0, 5.0), (4.0, 0.0, 1.6)))


def stand_in(colour: tuple[int, int, int] = MAGENTA, age: float = 33.3, gender: str = "male") -> FacePicture:
    image = np.zeros((200, 200, 3), np.uint8)
    cv2.ellipse(image, (100, 100), (90, 110), 0, 0, 360, colour, -1)
    return FacePicture(image, age, gender, 24)


def patron(trajectory: Trajectory = APPROACH, number: int = 1, style: PersonStyle = STYLE) -> Patron:
    return Patron(number, Person(stand_in(), style, number), trajectory)


def digest(scene: Scene) -> str:
    return hashlib.sha256(b"".join(frame.tobytes() for frame in clip_frames(scene, 4, fps=1))).hexdigest()


def test_the_same_seed_draws_the_same_frames_and_another_seed_others():
    assert digest(Scene([patron()], seed=3)) == digest(Scene([patron()], seed=3))
    assert digest(Scene([patron()], seed=3)) != digest(Scene([patron()], seed=4))


def test_the_face_is_where_the_truth_says_and_grows_as_it_approaches():
    scene = Scene([patron()])
    widths = []
    for t in (0.5, 1.5, 2.5, 3.5):
        box = scene.face_box(scene.patrons[0], t)
        assert box is not None
        image = scene.draw(t).astype(int)
        magenta = np.abs(image - MAGENTA).sum(axis=2) < 25  # only the face: neck, ears and hands are darker
        down, across = np.nonzero(magenta)
        widths.append(box.width)
        assert across.mean() == pytest.approx(box.x + box.width / 2, abs=0.1 * box.width)
        assert across.max() - across.min() == pytest.approx(box.width, rel=0.25)
        assert box.y - 0.5 * box.height < down.min() < down.max() < box.y + 1.2 * box.height
    assert widths == sorted(widths)
    assert widths[-1] > 2 * widths[0]


def test_somebody_behind_the_wall_is_hidden_and_somebody_in_the_doorway_is_seen():
    behind, in_door = DOOR[0] + DOOR[1], DOOR[0]
    near_wall = WALL_Z + 0.05
    hidden = Scene([patron(Trajectory(((0.0, behind, near_wall), (1.0, behind, near_wall))))])
    seen = Scene([patron(Trajectory(((0.0, in_door, near_wall), (1.0, in_door, near_wall))))])
    empty = Scene([]).draw(0.5)

    assert hidden.face_box(hidden.patrons[0], 0.5) is None
    assert seen.face_box(seen.patrons[0], 0.5) is not None
    assert np.array_equal(hidden.draw(0.5), empty)
    assert np.abs(seen.draw(0.5).astype(int) - empty).max() > 100


@pytest.mark.parametrize(
    ("x", "z", "height", "visible"),
    [
        pytest.param(0.0, 3.0, 1.72, True, id="in the middle of the room"),
        pytest.param(0.0, 9.0, 1.72, False, id="too small"),
        pytest.param(0.9, 1.5, 1.72, False, id="cut by the side of the frame"),
        pytest.param(0.0, 1.1, 1.20, False, id="a child close by, below the frame"),
        pytest.param(0.0, 1.2, 2.05, False, id="a giant close by, above the frame"),
    ],
)
def test_a_face_counts_as_visible_only_whole_and_large_enough(x: float, z: float, height: float, visible: bool):
    style = PersonStyle(height, "short", (40, 30, 20), "shirt", (60, 90, 160), (50, 50, 60))
    scene = Scene([patron(Trajectory(((0.0, x, z), (1.0, x, z))), style=style)])

    assert (scene.face_box(scene.patrons[0], 0.5) is not None) is visible


def test_a_face_behind_somebody_nearer_is_not_in_the_truth():
    far, near = Trajectory(((0.0, 0.0, 5.0), (1.0, 0.0, 5.0))), Trajectory(((0.0, 0.0, 2.0), (1.0, 0.0, 2.0)))
    apart = near.shifted(0.0, aside=-0.7)

    assert Scene([patron(far)]).face_box(patron(far), 0.5) is not None
    covered, open_view = Scene([patron(far), patron(near, 2)]), Scene([patron(far), patron(apart, 2)])
    assert covered.face_box(covered.patrons[0], 0.5) is None
    assert covered.face_box(covered.patrons[1], 0.5) is not None
    assert open_view.face_box(open_view.patrons[0], 0.5) is not None


def test_nearer_patrons_are_drawn_over_farther_ones_whatever_their_order():
    far, near = (
        patron(Trajectory(((0.0, 0.0, 4.0), (1.0, 0.0, 4.0)))),
        patron(Trajectory(((0.0, 0.1, 2.0), (1.0, 0.1, 2.0))), 2),
    )

    assert np.array_equal(Scene([far, near]).draw(0.5), Scene([near, far]).draw(0.5))


def test_every_cast_member_is_drawn():
    scene = Scene([patron(APPROACH.shifted(10.0 * n), n, member.style) for n, member in enumerate(DEMO_CAST)])
    empty = scene.draw(9.0)

    for n, member in enumerate(DEMO_CAST):
        image = scene.draw(10.0 * n + 2.0)
        assert np.mean(np.any(image != empty, axis=2)) > 0.02, member.style.hair_style


@pytest.mark.parametrize(
    "keyframes",
    [
        pytest.param(((0.0, 0.0, 5.0),), id="only one"),
        pytest.param(((1.0, 0.0, 5.0), (0.5, 0.0, 4.0)), id="back in time"),
        pytest.param(((1.0, 0.0, 5.0), (1.0, 0.0, 4.0)), id="two places at once"),
    ],
)
def test_a_trajectory_with_keyframes_out_of_order_is_refused(keyframes: tuple[tuple[float, float, float], ...]):
    with pytest.raises(ValueError, match="in order of time"):
        Trajectory(keyframes)


def test_a_trajectory_stays_between_its_keyframes_and_measures_its_length():
    trajectory = Trajectory(((1.0, -1.0, 5.0), (2.0, 0.0, 2.0), (3.0, 1.0, 2.0)))
    poses = [trajectory.pose(t) for t in np.linspace(1.0, 3.0, 50)]

    assert trajectory.pose(0.99) is None
    assert trajectory.pose(3.01) is None
    assert all(isinstance(pose, Pose) and -1 <= pose.x <= 1 and 2 <= pose.z <= 5 for pose in poses)
    walked = [pose.walked for pose in poses if pose is not None]
    assert walked == sorted(walked)
    # The corners are rounded, so the path is a little shorter than from keyframe to keyframe.
    assert 0.7 * (np.hypot(1, 3) + 1) < walked[-1] <= np.hypot(1, 3) + 1


def test_the_truth_lists_each_patron_with_times_and_every_fifth_box(tmp_path: Path):
    scene = Scene([patron(), patron(APPROACH.shifted(1.0, aside=0.5), 2)], seed=5)
    truth = ground_truth(scene, frames=90, made_by="a command")
    write_truth(tmp_path / "truth.json", truth)

    read = json.loads((tmp_path / "truth.json").read_text())
    assert read == truth
    assert {key: read[key] for key in ("fps", "frames", "size", "seed", "made_by")} == {
        "fps": FPS,
        "frames": 90,
        "size": [960, 540],
        "seed": 5,
        "made_by": "a command",
    }
    first, second = read["patrons"]
    assert (first["age"], first["gender"], first["direction"], first["faces_averaged"]) == (33.3, "male", "in", 24)
    assert first["from_s"] < 0.1
    assert 1.0 <= second["from_s"] < first["to_s"]
    assert [row[0] for row in first["path"]] == list(range(0, 61, 5))


def test_a_patron_who_never_comes_into_sight_is_an_error():
    with pytest.raises(BadInput, match="patron 1 is never in sight"):
        ground_truth(Scene([patron(Trajectory(((0.0, 0.0, 20.0), (1.0, 0.0, 19.0))))]), frames=30, made_by="")


def test_a_written_clip_reads_back_as_it_was_drawn(tmp_path: Path):
    scene = Scene([patron()])
    write_clip(tmp_path / "clip.mp4", clip_frames(scene, 20), scene.camera)

    with open_camera(str(tmp_path / "clip.mp4")) as camera:
        read = [frame.image.copy() for frame in camera]
    assert len(read) == 20
    drawn = [cv2.cvtColor(frame, cv2.COLOR_RGB2BGR) for frame in clip_frames(scene, 20)]
    assert min(cv2.PSNR(a, b) for a, b in zip(read, drawn, strict=True)) > 32


def test_a_clip_that_cannot_be_written_is_named(tmp_path: Path):
    with pytest.raises(MaitredError, match=r"nowhere/clip\.mp4"):
        write_clip(tmp_path / "nowhere" / "clip.mp4", iter([]), Scene([]).camera)


def test_without_a_folder_of_faces_the_command_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--faces", str(tmp_path / "none"), "--out", str(tmp_path)]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_only_faces_of_the_training_split_are_averaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for number in range(40):
        picture = np.random.default_rng(number).integers(0, 255, (8, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"30_1_0_2017{number:08d}.png"), picture)
    averaged_splits: Counter[str] = Counter()

    def averaged(samples, selection, rng):
        averaged_splits.update(sample.split for sample in samples)
        return stand_in()

    monkeypatch.setattr(training.rendering.demo_scene, "average_face", averaged)
    scene = demo_scene(tmp_path, seed=7)

    assert set(averaged_splits) == {"train"}
    assert averaged_splits["train"] < 40 * len(DEMO_CAST)
    assert len(scene.patrons) == len(DEMO_CAST)


# The clip that ships.


@pytest.fixture(scope="module")
def truth() -> dict:
    return json.loads(TRUTH.read_text())


def test_the_shipped_clip_is_small_and_as_long_as_its_truth_says(truth: dict):
    assert CLIP.stat().st_size <= 2_500_000
    with open_camera(str(CLIP)) as camera:
        frames = [frame.image.shape for frame in camera]
    assert len(frames) == truth["frames"]
    assert set(frames) == {(truth["size"][1], truth["size"][0], 3)}
    assert 35 <= truth["frames"] / truth["fps"] <= 50


def test_the_shipped_truth_is_what_the_cast_and_the_drawing_code_give(truth: dict):
    patrons = []
    for member, listed in zip(DEMO_CAST, truth["patrons"], strict=True):
        face_picture = stand_in(age=listed["age"], gender=listed["gender"])
        assert member.faces.youngest <= listed["age"] <= member.faces.oldest
        assert member.faces.gender == listed["gender"]
        patrons.append(
            Patron(listed["id"], Person(face_picture, member.style, listed["id"]), member.trajectory, member.direction)
        )

    again = ground_truth(Scene(patrons, seed=truth["seed"]), truth["frames"], truth["made_by"])

    for listed, computed in zip(truth["patrons"], again["patrons"], strict=True):
        assert computed == listed | {"faces_averaged": 24}


def test_the_shipped_cast_is_diverse_and_every_face_is_the_mean_of_many(truth: dict):
    patrons = truth["patrons"]
    ages = [one["age"] for one in patrons]
    assert 8 <= len(patrons) <= 10
    assert min(ages) < 10
    assert max(ages) > 70
    assert {one["gender"] for one in patrons if one["age"] > 65} == {"female", "male"}
    assert min(one["faces_averaged"] for one in patrons) >= 16
    assert truth["made_by"].startswith("python -m training.rendering.demo_scene --faces DIR")


def test_the_shipped_clip_shows_at_most_three_faces_and_large_ones(truth: dict):
    in_view = Counter(row[0] for one in truth["patrons"] for row in one["path"])
    assert set(in_view.values()) == {1, 2, 3}
    grown_ups = [one for one in truth["patrons"] if one["age"] > 15 and one["direction"] == "in"]
    assert all(max(row[3] for row in one["path"]) >= 110 for one in grown_ups)
    assert all(min(row[3] for row in one["path"]) <= 32 for one in grown_ups)
