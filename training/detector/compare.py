"""Whether the INT8 detector finds what the float one finds, in the same composed scenes and, if given, in recordings.

Scenes are composed from faces of the validation split, on which everything was decided, and from faces of the test
split, which are used once, at the end. In no set may INT8 lose more than one point of recall or precision.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edge.errors import MaitredError
from edge.vision.bundle import Bundle, load_bundle
from edge.vision.detector import FaceDetector
from training.data.dataset import Dataset, Split, read_dataset
from training.data.face_crops import FaceCrop, read_face_crops
from training.detector.backgrounds import Backgrounds
from training.detector.composites import SceneStyle, compose_scene
from training.detector.import_published import published_bundle
from training.detector.recall_precision import (
    DetectionCounts,
    FaceSearch,
    LabelledFrames,
    count_detections,
    live_frames,
    live_search,
    photo_frames,
    photo_search,
)
from training.detector.recordings import recording_frames, recording_photos

log = logging.getLogger(__name__)
DetectorMode = Callable[[Bundle], FaceSearch]
"""How a detector is run: from its bundle to its search for faces."""
TOLERANCE = 0.01
"""How much INT8 may lose, of recall and of precision."""
FACES = 800
"""Number of clear faces in each set of scenes: one face is an eighth of a point."""
CROPS_DRAWN = 1500
"""Number of face pictures that scenes are composed from; all, where a split has fewer."""
SPLITS: tuple[Split, ...] = ("validation", "test")
MIN_FACE_PX = 24
"""``min_face_px`` on the recordings, the agent's default. Their faces' boxes have 13 to 29 pixels; detections
below 12 are dropped."""
MODES: dict[SceneStyle, DetectorMode] = {"photo": photo_search, "live": live_search}
SEEDS: dict[Split, int] = {"train": 100, "validation": 200, "test": 300}


class SceneSet(NamedTuple):
    """The face crops, backgrounds and seed that the scenes of a split are made of."""

    crops: Sequence[FaceCrop]
    backgrounds: Backgrounds
    seed: int

    def frames(self, style: SceneStyle, faces: int) -> Iterator[LabelledFrames]:
        """Scenes of a style, until they have ``faces`` clear faces; always the same scenes."""
        rng = np.random.default_rng([self.seed, style == "live"])
        labelled_frames = live_frames if style == "live" else photo_frames
        while faces > 0:
            scene = compose_scene(style, self.crops, self.backgrounds, rng)
            faces -= sum(face.clear for face in scene.faces)
            yield labelled_frames(scene, rng)


def scenes_of(dataset: Dataset, split: Split, detector: FaceDetector, drawn: int = CROPS_DRAWN) -> SceneSet:
    """A scene set of random faces of a split, chosen by a fixed seed.

    Raises:
        MaitredError: the split is empty.
    """
    samples = sorted(dataset.of(split), key=lambda sample: sample.sha256)
    if not samples:
        raise MaitredError(f"no picture in the {split} split to compose scenes from; give a larger set")
    rng = np.random.default_rng(SEEDS[split])
    crops = read_face_crops([samples[row] for row in rng.permutation(len(samples))[:drawn]], detector)
    return SceneSet(crops, Backgrounds(crops, rng), SEEDS[split])


def compare_on_scenes(
    published: Bundle, candidate: Bundle, dataset: Dataset, faces: int | None = None, splits: Sequence[Split] = SPLITS
) -> dict[str, Any]:
    """Figures of both detectors on composed scenes, for the card: ``float`` and ``int8``, by set.

    Raises:
        MaitredError: INT8 loses too much on a split; the message names every such figure, and later splits are not
            used.
    """
    figures: dict[str, Any] = {"float": {}, "int8": {}}
    for split in splits:
        scenes = scenes_of(dataset, split, FaceDetector(published, 1), CROPS_DRAWN)
        face_count = faces or FACES
        sets = [(f"{style} scenes, {split}", mode, scenes.frames(style, face_count)) for style, mode in MODES.items()]
        _compare(published, candidate, sets, figures)
    return figures


def compare_on_recordings(
    published: Bundle, candidate: Bundle, clips: Path, smallest: int = MIN_FACE_PX
) -> dict[str, Any]:
    """The same on the recordings of :mod:`training.detector.recordings`: each frame alone, and as a live camera.

    ``smallest`` is the setting ``min_face_px``, in pixels.

    Raises:
        BadInput: the recordings are not there.
        MaitredError: INT8 loses too much.
    """
    figures: dict[str, Any] = {"float": {}, "int8": {}}
    modes: tuple[DetectorMode, DetectorMode] = (
        (lambda bundle: photo_search(bundle, smallest)),
        (lambda bundle: live_search(bundle, smallest)),
    )
    sets = zip(
        ("recordings, photos", "recordings, live"),
        modes,
        (recording_photos(clips), recording_frames(clips)),
        strict=True,
    )
    _compare(published, candidate, sets, figures)
    return figures


def _compare(
    published: Bundle,
    candidate: Bundle,
    sets: Iterable[tuple[str, DetectorMode, Iterable[LabelledFrames]]],
    figures: dict[str, Any],
) -> None:
    faults: list[str] = []
    for name, mode, labelled in sets:
        before, after = count_detections([mode(published), mode(candidate)], labelled)
        figures["float"][name], figures["int8"][name] = before.figures(), after.figures()
        faults += _faults(name, before, after)
    if faults:
        raise MaitredError(f"INT8 loses too much: {'; '.join(faults)}")


def _faults(name: str, before: DetectionCounts, after: DetectionCounts) -> Iterator[str]:
    log.info("%s: %d faces", name, before.faces)
    for what in ("recall", "precision"):
        one, other = getattr(before, what), getattr(after, what)
        log.info("  %-9s float %.2f %%, INT8 %.2f %% (%+.2f points)", what, 100 * one, 100 * other, 100 * (other - one))
        if one - other > TOLERANCE + 1e-9:
            yield f"{name}: {what} {one:.4f} -> {other:.4f}"


def main(arguments: list[str] | None = None) -> int:
    """Compare a bundle with the published detector and print the figures of both."""
    parser = argparse.ArgumentParser(prog="python -m training.detector.compare", description=main.__doc__)
    parser.add_argument("model", metavar="NAME|FILE", help="bundle of a face detector")
    parser.add_argument("--data", type=Path, metavar="UTKFACE", help="aligned faces, to compose scenes from")
    parser.add_argument(
        "--clips", type=Path, metavar="DIR", help="folder of the recordings listed in training/detector/recordings.json"
    )
    parser.add_argument(
        "--smallest",
        type=int,
        default=MIN_FACE_PX,
        help=f"min_face_px on the recordings ({MIN_FACE_PX}, the default of the agent)",
    )
    parser.add_argument(
        "--split", choices=SEEDS, action="append", help="split that the faces are from (validation, then test)"
    )
    parser.add_argument(
        "--faces", type=int, default=FACES, help=f"number of clear faces in each set of scenes ({FACES})"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        candidate, published = load_bundle(options.model).require("face-detection"), published_bundle()
        if options.data is not None:
            compare_on_scenes(published, candidate, read_dataset(options.data), options.faces, options.split or SPLITS)
        if options.clips is not None:
            compare_on_recordings(published, candidate, options.clips, options.smallest)
    except MaitredError as error:
        sys.stderr.write(f"maitred: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
