"""Recordings and the demo, through the command line."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.slow


def test_the_demo_counts_the_patrons_its_clip_really_holds(maitred):
    done = maitred("demo", "--once", "--json")

    assert done.code == 0, done.err
    document = done.json
    truth = document["truth"]["people"]
    assert len(document["visits"]) == len(truth) == document["census"]["visits"] == document["stored_visits"]
    # Each patron is one visit: some visit lies in the time in which that patron's face is in view.
    unmatched = list(document["visits"])
    for person in truth:
        overlaps = [min(v["ended_s"], person["to_s"]) - max(v["started_s"], person["from_s"]) for v in unmatched]
        best = int(np.argmax(overlaps))
        assert overlaps[best] > 0, person
        assert unmatched[best]["direction"] == person["direction"]
        del unmatched[best]
    counted = sum(n for band in document["census"]["counts"].values() for n in band.values())
    assert counted == len(truth)


def test_the_demo_for_people_says_how_many_patrons_there_are(maitred):
    done = maitred("demo", "--once")

    assert done.code == 0
    assert "average apparent age" in done.out
    assert "The clip really holds" in done.out
    assert "9 came in, 0 went out" in done.out
    assert "too few patrons for corrected shares" in done.out


def test_two_people_who_walk_up_are_two_visits(maitred, clips: Path):
    done = maitred("count", clips / "face-demographics-walking.gif", "--json")

    assert done.code == 0, done.err
    document = done.json
    assert document["frames"] == 35
    assert sorted(visit["gender"] for visit in document["visits"]) == ["female", "male"]
    for visit in document["visits"]:
        low, high = visit["age_interval"]
        assert 0 <= low < visit["age"] < high <= 100
        assert visit["dwell_s"] > 2
        assert visit["direction"] is None
        assert 0 <= visit["female_probability"] <= 1


@pytest.mark.parametrize(
    "clip",
    [
        pytest.param("one-by-one-person-detection.mp4", id="backs and an empty room"),
        pytest.param("people-detection.gif", id="people far away from behind"),
    ],
)
def test_people_without_faces_are_no_visits(maitred, clips: Path, clip: str):
    done = maitred("count", clips / clip, "--json")

    assert done.code == 0, done.err
    assert done.json["visits"] == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        pytest.param(("count", "gone.mp4"), "gone.mp4", id="no such file"),
        pytest.param(("count", "empty.mp4"), "empty.mp4", id="0 bytes"),
        pytest.param(("count", "text.mp4"), "text.mp4", id="text"),
        pytest.param(("count", "folder"), "folder", id="a folder without images"),
        pytest.param(("count", "clip.avi", "--model", "nobody"), "nobody", id="no such model"),
        pytest.param(("count", "clip.avi", "--model", "text.mp4"), "text.mp4", id="no model"),
        pytest.param(("count", "clip.avi", "--model", "face"), "face", id="a model for something else"),
        pytest.param(("count", "clip.avi", "--config", "bad.toml"), "camera.sorce", id="unknown setting"),
        pytest.param(("run", "--config", "gone.toml"), "gone.toml", id="no configuration"),
        pytest.param(("report", "--from", "2026-02-30"), "2026-02-30", id="no such day"),
        pytest.param(("report", "--config", "other.toml"), "nothing.db", id="no database"),
        pytest.param(("report", "--json", "--format", "csv"), "--format csv", id="two formats"),
        pytest.param(("demo", "--json"), "--once", id="json without once"),
        pytest.param(("count",), "SOURCE", id="no source"),
        pytest.param(("dance",), "dance", id="unknown command"),
    ],
)
def test_bad_input_is_named(maitred, tmp_path: Path, arguments: tuple[str, ...], named: str):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("this is no film\n" * 100)
    (tmp_path / "folder").mkdir()
    (tmp_path / "bad.toml").write_text('[camera]\nsorce = "picamera2:"\n')
    (tmp_path / "other.toml").write_text('[store]\npath = "nothing.db"\n')
    writer = cv2.VideoWriter(str(tmp_path / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 240))
    for _ in range(3):
        writer.write(np.zeros((240, 320, 3), np.uint8))
    writer.release()

    done = maitred(*arguments)

    assert done.code == (1 if named == "nothing.db" else 2)
    assert named in done.err
    assert done.out == ""


def test_a_recording_without_anybody_is_counted_as_empty(maitred, tmp_path: Path):
    frames = tmp_path / "frames"
    frames.mkdir()
    for index in range(3):
        cv2.imwrite(str(frames / f"{index}.png"), np.full((240, 320, 3), 90 + index, np.uint8))

    done = maitred("count", frames, "--json")

    assert done.code == 0
    assert done.json["visits"] == []
    assert done.json["census"]["visits"] == 0
    assert done.json["census"]["mean_age"] is None
