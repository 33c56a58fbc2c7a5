"""Does the INT8 detector find what the float one finds? Both look at the same scenes, and at recordings if given.

Scenes are composed from faces of the validation split, on which everything was decided, and from those of the test
split, which are looked at once, at the end. In none of the sets may INT8 lose more than a point of recall or precision.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from convert.face_clips import clip_frames, clip_photos
from convert.face_figures import Shown, Tally, as_live, as_photo, live, photo, tallies
from edge.errors import MaitredError
from edge.vision.bundle import Bundle
from edge.vision.detection import Detection
from edge.vision.detector import FaceDetector
from training.backdrops import Backdrops
from training.chips import Chip, read_chips
from training.composed import Style, compose
from training.samples import Listing, Split

log = logging.getLogger(__name__)
Look = Callable[[Bundle], Callable[[Shown], list[Detection]]]
TOLERANCE = 0.01
"""Of recall and of precision."""
FACES = 800
"""In plain sight in each set of scenes: one face is an eighth of a point."""
DRAWN = 1500
"""Pictures of faces that they are composed from; where a split has fewer, all of it."""
SPLITS: tuple[Split, ...] = ("validation", "test")
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
    published: Bundle, candidate: Bundle, listing: Listing, clips: Path | None = None, faces: int = FACES,
    splits: Sequence[Split] = SPLITS,
) -> dict[str, Any]:  # fmt: skip
    """Figures of both detectors on every set, for the card: ``float``, ``int8`` and the ``tolerance``.

    Raises:
        MaitredError: INT8 loses too much; every figure that does is named.
    """
    figures: dict[str, Any] = {"float": {}, "int8": {}, "tolerance": TOLERANCE}
    sets: list[tuple[str, Look, Iterable[Shown]]] = []
    for split in splits:
        scenes = scenes_of(listing, split, FaceDetector(published, 1))
        sets += [(f"photo scenes, {split}", photo, scenes.shown("photo", faces))]
        sets += [(f"live scenes, {split}", live, scenes.shown("live", faces))]
    if clips is not None:
        sets += [("recordings, photos", photo, clip_photos(clips)), ("recordings, live", live, clip_frames(clips))]
    faults = []
    for name, look, shown in sets:
        before, after = tallies([look(published), look(candidate)], shown)
        figures["float"][name], figures["int8"][name] = before.figures(), after.figures()
        faults += _faults(name, before, after)
    if faults:
        raise MaitredError(f"INT8 loses too much: {'; '.join(faults)}; no bundle written")
    return figures


def _faults(name: str, before: Tally, after: Tally) -> Iterator[str]:
    log.info("%s: %d faces", name, before.faces)
    for what in ("recall", "precision"):
        one, other = getattr(before, what), getattr(after, what)
        log.info("  %-9s float %.2f %%, INT8 %.2f %% (%+.2f points)", what, 100 * one, 100 * other, 100 * (other - one))
        if one - other > TOLERANCE + 1e-9:
            yield f"{name}: {what} {one:.4f} -> {other:.4f}"
