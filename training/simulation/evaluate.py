"""How well the agent counts simulated scenes: ``python -m training.simulation.evaluate DIR... [--json]``.

Each DIR holds what ``maitred simulate`` wrote. The agent's own pipeline counts the clip, with the same entrance line as
the truth, and the result is compared with the truth.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import islice
from math import isnan
from pathlib import Path
from typing import Any

from edge.cameras import open_camera
from edge.commands import add_config, settings_of
from edge.commands.output import print_json, progress
from edge.config.entrance import Entrance
from edge.config.settings import Settings
from edge.counting.frame_analyzer import ModelFrameAnalyzer
from edge.errors import BadInput, MaitredError
from edge.vision.models import Models
from training.requirements import require_installed
from training.simulation.cli import CLIP, TRUTH
from training.simulation.replay import RecordingAnalyzer, ReplayAnalyzer

REPLAY = "tape.npz"
LINE: dict[str, Any] = {"line": ((0.5, 0.0), (0.5, 1.0)), "inside": "right"}
"""The entrance that the truth uses, in the form of the agent's settings."""
SHARES = ("count_error", "mota", "idf1", "recall", "precision", "direction_right", "direction_right_in_sight",
          "gender_error_single", "gender_error_visit", "gender_error_in_most_frames", "interval_coverage")  # fmt: skip


def measure(
    folder: Path, settings: Settings, models: Models, use_replay: bool = False, every: int = 1
) -> tuple[dict[str, Any], list[str]]:
    """The measures of one simulated scene (see :mod:`training.simulation.score`), and the list of wrong visits.

    With ``use_replay``, the models' outputs are read from the folder's replay file, which is written if it is missing.
    Without it, only one frame in ``every`` is analysed, as on a machine that cannot keep up.

    Raises:
        BadInput: the folder does not hold a clip and its truth.
        MaitredError: motmetrics is not installed.
    """
    require_installed("training", "motmetrics")
    from training.simulation.error_list import list_errors
    from training.simulation.observe import observe
    from training.simulation.score import score

    try:
        truth = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{folder}: {TRUTH} cannot be read here ({error}); maitred simulate makes one") from error
    settings = settings.model_copy(update={"entrance": Entrance(**LINE)})
    truth = every_frame_of(truth, every)
    if use_replay and (folder / REPLAY).exists():
        replay = ReplayAnalyzer(folder / REPLAY)
        observation = observe(replay, settings, replay)
    else:
        recorder = RecordingAnalyzer(models, settings.detection) if use_replay else None
        analyzer = recorder or ModelFrameAnalyzer(models, settings.detection)
        with open_camera(str(folder / CLIP)) as camera:
            observation = observe(islice(camera, 0, None, every), settings, analyzer, progress("frames"))
        if recorder:
            recorder.write(folder / REPLAY)
    return {"made_by": truth["made_by"], "frames": len(observation.times), **score(observation, truth)}, list_errors(
        observation, truth
    )


def every_frame_of(truth: dict[str, Any], every: int) -> dict[str, Any]:
    """The truth about one frame in ``every``; whom to count, and from when to when, stays the same."""
    patrons = [
        {**patron, "path": [[row[0] // every, *row[1:]] for row in patron["path"] if row[0] % every == 0]}
        for patron in truth["patrons"]
    ]
    return {**truth, "times": truth["times"][::every], "patrons": patrons}


def as_json(result: dict[str, Any]) -> dict[str, Any]:
    """The measures with None instead of NaN, which JSON does not know."""
    return {name: None if isinstance(value, float) and isnan(value) else value for name, value in result.items()}


def table(results: dict[str, dict[str, Any]]) -> str:
    """The measures as a text table, one column for each scene."""
    names = [name for name in next(iter(results.values())) if name != "made_by"]
    lines = [" " * 28 + "".join(f"{scene:>12}" for scene in results)]
    for name in names:
        cells = "".join(f"{_text(name, result[name]):>12}" for result in results.values())
        lines.append(f"{name:28}{cells}")
    return "\n".join(lines)


def _text(name: str, value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return f"{100 * value:.1f} %" if name in SHARES else f"{value:.2f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the scenes and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.simulation.evaluate", description=main.__doc__)
    parser.add_argument("scenes", type=Path, nargs="+", metavar="DIR", help="folders that maitred simulate wrote")
    parser.add_argument("--model", metavar="NAME|FILE", help="age and gender model")
    add_config(parser)
    parser.add_argument("--errors", "--wrong", action="store_true", help="list what was wrong with which visit")
    parser.add_argument(
        "--replay", "--tape", action="store_true",
        help=f"write the models' outputs to DIR/{REPLAY}, and read them from there the next time",
    )  # fmt: skip
    parser.add_argument("--every", type=int, default=1, metavar="K", help="look at one frame in K only (1)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    if options.every < 1 or (options.replay and options.every > 1):
        parser.error("--every: 1 or more, and not with --replay, which has all frames")
    try:
        settings = settings_of(options)
        if options.model:
            settings = settings.with_model(options.model)
        models = Models.open(settings.detection, settings.demographics)
        measured = {
            folder.name: measure(folder, settings, models, options.replay, options.every) for folder in options.scenes
        }
    except MaitredError as error:
        sys.stderr.write(f"maitred: {error}\n")
        return error.exit_code
    results = {name: result for name, (result, _) in measured.items()}
    if options.json:
        print_json({name: as_json(result) for name, result in results.items()})
        return 0
    if options.errors:
        for name, (_, lines) in measured.items():
            sys.stdout.write("\n".join([name, *lines, ""]) + "\n")
    sys.stdout.write(table(results) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
