"""Does the INT8 detector find what the float one finds? Both look at the same scenes, and at recordings if given.

Scenes are composed from faces of the validation split, on which everything was decided, and from those of the test
split, which are looked at once, at the end. In none of the sets may INT8 lose more than a point of recall or precision.
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
from edge.vision.detection import Detection
from edge.vision.detector import FaceDetector
from training.data.dataset import Listing, Split, list_samples
from training.data.face_crops import Chip, read_chips
from training.detector.backgrounds import Backdrops
from training.detector.composites import Style, compose
from training.detector.import_published import published_bundle
from training.detector.recall_precision import Shown, Tally, as_live, as_photo, live, photo, tallies
from training.detector.recordings import clip_frames, clip_photos

log = logging.getLogger(__name__)
Look = Callable[[Bundle], Callable[[Shown], list[Detection]]]
TOLERANCE = 0.01
"""Of recall and of precision."""
FACES = 800
"""In plain sight in each set of scenes: one face is an eighth of a point."""
DRAWN = 1500
"""Pictures of faces that they are composed from; where a split has fewer, all of it."""
SPLITS: tuple[Split, ...] = ("validation", "test")
SMALLEST = 24
"""``min_face_px`` on the recordings, the agent's own. Their faces' boxes have 13 to 29 pixels; what is found
below 12 is dropped."""
LOOKS: dict[Style, Look] = {"photo": photo, "live": live}
SEEDS: dict[Split, int] = {"train": 100, "validation": 200, "test": 300}


class Scenes(NamedTuple):
    """What the scenes of a split are made of."""

    chips: Sequence[Chip]
    backdrops: Backdrops
    seed: int

    def shown(self, style: Style, faces: int) -> Iterator[Shown]:
        """Scenes of a style until there are so many faces in plain sight; always the same ones."""
        rng = np.random.default_rng([self.seed, style == "live"])
        as_shown = as_live if style == "live" else as_photo
        while faces > 0:
            scene = compose(style, self.chips, self.backdrops, rng)
            faces -= sum(face.plain for face in scene.faces)
            yield as_shown(scene, rng)


def scenes_of(listing: Listing, split: Split, detector: FaceDetector, drawn: int = DRAWN) -> Scenes:
    """Faces of a split, drawn by a fixed seed.

    Raises:
        MaitredError: the split is empty.
    """
    samples = sorted(listing.of(split), key=lambda sample: sample.sha256)
    if not samples:
        raise MaitredError(f"no picture in the {split} split to compose scenes from; give a larger set")
    rng = np.random.default_rng(SEEDS[split])
    chips = read_chips([samples[row] for row in rng.permutation(len(samples))[:drawn]], detector)
    return Scenes(chips, Backdrops(chips, rng), SEEDS[split])


def trial(
    published: Bundle, candidate: Bundle, listing: Listing, faces: int | None = None, splits: Sequence[Split] = SPLITS
) -> dict[str, Any]:
    """Figures of both detectors on composed scenes, for the card: ``float`` and ``int8``, by set.

    Raises:
        MaitredError: INT8 loses too much on a split; every figure that does is named, and the next is not looked at.
    """
    figures: dict[str, Any] = {"float": {}, "int8": {}}
    for split in splits:
        scenes = scenes_of(listing, split, FaceDetector(published, 1), DRAWN)
        wanted = faces or FACES
        sets = [(f"{style} scenes, {split}", look, scenes.shown(style, wanted)) for style, look in LOOKS.items()]
        _compare(published, candidate, sets, figures)
    return figures


def on_recordings(published: Bundle, candidate: Bundle, clips: Path, smallest: int = SMALLEST) -> dict[str, Any]:
    """The same on the recordings of :mod:`training.detector.recordings`, frame by frame and as a camera would give
    them.

    ``smallest`` is the setting ``min_face_px``, in pixels.

    Raises:
        BadInput: they are not there.
        MaitredError: INT8 loses too much.
    """
    figures: dict[str, Any] = {"float": {}, "int8": {}}
    looks: tuple[Look, Look] = (lambda bundle: photo(bundle, smallest)), (lambda bundle: live(bundle, smallest))
    sets = zip(("recordings, photos", "recordings, live"), looks, (clip_photos(clips), clip_frames(clips)), strict=True)
    _compare(published, candidate, sets, figures)
    return figures


def _compare(
    published: Bundle, candidate: Bundle, sets: Iterable[tuple[str, Look, Iterable[Shown]]], figures: dict[str, Any]
) -> None:
    faults: list[str] = []
    for name, look, shown in sets:
        before, after = tallies([look(published), look(candidate)], shown)
        figures["float"][name], figures["int8"][name] = before.figures(), after.figures()
        faults += _faults(name, before, after)
    if faults:
        raise MaitredError(f"INT8 loses too much: {'; '.join(faults)}")


def _faults(name: str, before: Tally, after: Tally) -> Iterator[str]:
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
    parser.add_argument("--clips", type=Path, metavar="DIR", help="the recordings of training/detector/recordings.json")
    parser.add_argument(
        "--smallest", type=int, default=SMALLEST, help=f"min_face_px on the recordings ({SMALLEST}, as agents have)"
    )
    parser.add_argument("--split", choices=SEEDS, action="append", help="whose faces (validation, then test)")
    parser.add_argument("--faces", type=int, default=FACES, help=f"in plain sight, in each set of scenes ({FACES})")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        candidate, published = load_bundle(options.model).require("face-detection"), published_bundle()
        if options.data is not None:
            trial(published, candidate, list_samples(options.data), options.faces, options.split or SPLITS)
        if options.clips is not None:
            on_recordings(published, candidate, options.clips, options.smallest)
    except MaitredError as error:
        sys.stderr.write(f"maitred: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
