"""How good corrected shares are, measured on many simulated populations of real faces whose true shares are known.

``python -m training.evaluation.shares_study BUNDLE --data DIR`` calibrates on one half of the validation split and
draws the populations' faces from the other half, and the other way round. ``--split test`` calibrates with the
bundle's card, as the agent does, and draws from the test split. Estimates of the faces are cached in ``--cache``.

Each population has true shares of its own, drawn from the distribution that ``--shift`` names, and a number of visits.
For each visit a true cell is drawn by those shares, then a face of that cell, both with replacement. The shares are
estimated from the faces' estimates alone and compared with the true ones.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from edge.census.age_bands import AgeBands
from edge.census.shares.calibration import KEY, Calibration, Float64Array, Int64Array
from edge.census.shares.confusion import Confusion, estimate_confusion
from edge.census.shares.label_shift import CorrectedShares, correct_counts, correct_visits
from edge.census.window import cell_of
from edge.config.census import Census
from edge.counting.visit import Visit
from edge.errors import BadInput
from edge.vision.bundle import Bundle, load_bundle
from training.data.dataset import Split, read_dataset
from training.evaluation.calibration_faces import calibration_faces
from training.evaluation.predictors import bundle_predictor, predict

SIZES = (50, 200, 1000)
POPULATIONS = 200
SPREAD = 1.0
"""With "tilted", the standard deviation of the log of the factor by which a cell is more or less common."""
EM_STEPS = 300
Shift = Literal["any", "tilted", "none"]
SHIFTS: tuple[Shift, ...] = ("any", "tilted", "none")


@dataclass(frozen=True, eq=False)
class FacePool:
    """Labelled faces to draw from: the index of each face's true cell in ``known``, int64 (n,), and its visit."""

    known: Confusion
    truth: Int64Array
    visits: tuple[Visit, ...]

    @classmethod
    def of(cls, faces: Calibration, known: Confusion, census: Census) -> FacePool:
        """A pool of ``faces``, with visits as the agent would store them."""
        grown = faces.age >= census.no_gender_below
        columns = (faces.age, faces.low, faces.high, faces.probability, grown)
        visits = tuple(
            Visit(0, 1, 1, age, (low, high), female if has_gender else None)
            for age, low, high, female, has_gender in zip(*(column.tolist() for column in columns), strict=True)
        )
        return cls(known, known.posterior.segments.cell_of(faces.true_age, faces.true_female), visits)

    def draw(self, random: np.random.Generator, shift: Shift, size: int) -> tuple[Float64Array, list[Visit]]:
        """A random population: its true shares by cell, float64 (k,), and its visits."""
        common = np.bincount(self.truth, minlength=len(self.known.cells)) / len(self.truth)
        inside = common > 0
        shares = np.zeros(len(common))
        if shift == "any":
            shares[inside] = random.dirichlet(np.ones(inside.sum()))
        else:
            spread = SPREAD if shift == "tilted" else 0.0
            shares = common * np.exp(spread * random.standard_normal(len(common)))
            shares /= shares.sum()
        cells = random.multinomial(size, shares)
        faces = [random.choice(np.flatnonzero(self.truth == cell), n) for cell, n in enumerate(cells) if n]
        return shares, [self.visits[face] for face in np.concatenate(faces)]


def study(
    folds: list[tuple[Confusion, FacePool]], shift: Shift, size: int, populations: int, seed: int
) -> dict[str, float]:
    """Mean total variation distance of each estimator from the truth, and coverage of the intervals (0..1)."""
    random, bands = np.random.default_rng([seed, size]), AgeBands(Census().bands)
    rows: list[dict[str, float]] = []
    for number in range(populations):
        known, pool = folds[number % len(folds)]
        truth, visits = pool.draw(random, shift, size)
        cells = [cell_of(visit, bands) for visit in visits]
        counts = np.array([cells.count(cell) for cell in known.cells])
        fine = correct_visits(known.distinct_visits(visits), known.faces)
        coarse = correct_counts(counts, known.faces, np.eye(len(counts)))
        rows.append({
            "raw": _distance(counts / size, truth), "em": _distance(_em(counts, known.faces), truth),
            "inverse": _distance(_inverse(counts, known.faces), truth),
            "from_counts": _distance(coarse.share, truth), "from_counts_coverage": _coverage(coarse, truth),
            "from_visits": _distance(fine.share, truth), "from_visits_coverage": _coverage(fine, truth),
        })  # fmt: skip
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _distance(shares: Float64Array, truth: Float64Array) -> float:
    return float(0.5 * np.abs(shares - truth).sum())


def _coverage(found: CorrectedShares, truth: Float64Array) -> float:
    # Without the last cell, "not estimated", which has no true share here.
    return float(((found.low <= truth) & (truth <= found.high))[:-1].mean())


def _em(counts: Int64Array, faces: Float64Array) -> Float64Array:
    """Maximum likelihood by EM until convergence, with the confusion matrix taken as exact."""
    chance = faces / faces.sum(axis=1, keepdims=True)
    shares = np.full(len(faces), 1 / len(faces))
    for _ in range(EM_STEPS):
        shares = shares * (chance @ (counts / np.maximum(shares @ chance, 1e-300))) / counts.sum()
    return np.asarray(shares / shares.sum())


def _inverse(counts: Int64Array, faces: Float64Array) -> Float64Array:
    """Inversion of the confusion matrix by least squares, projected back to shares that sum to 1."""
    chance = faces / faces.sum(axis=1, keepdims=True)
    shares = np.clip(np.linalg.lstsq(chance.T, counts / counts.sum(), rcond=None)[0], 0, None)
    return np.asarray(shares / shares.sum())


def folds_of(bundle: Bundle, faces: Calibration, split: Split, census: Census) -> Iterator[tuple[Confusion, FacePool]]:
    """Pairs of a calibration and a pool to draw from; ``faces`` are those of ``split``."""
    bands, below = AgeBands(census.bands), census.no_gender_below
    if split == "test":
        pairs = [(Calibration.read(bundle.card.calibration, bundle.card.name), faces)]
    else:
        halves = np.array_split(np.random.default_rng(1).permutation(len(faces)), 2)
        pairs = [(faces.take(mine), faces.take(other)) for mine, other in (halves, halves[::-1])]
    for calibration, drawn in pairs:
        known = None if calibration is None else estimate_confusion(calibration, bands, below)
        if known is None:
            raise BadInput(
                f"{bundle.card.name}: its card has too little calibration data for these bands; convert the model again"
            )
        yield known, FacePool.of(drawn, known, census)


def _estimates(bundle: Bundle, data: Path, split: Split, cache: Path) -> Calibration:
    file = cache / f"{bundle.card.name}-{split}-{bundle.sha256[:16]}.json"
    if not file.is_file():
        faces = calibration_faces(predict(read_dataset(data).of(split), bundle_predictor(bundle)))
        cache.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({KEY: faces.table()}), encoding="utf-8")
    read = Calibration.read(json.loads(file.read_text(encoding="utf-8")), str(file))
    if read is None:
        raise BadInput(f"{file}: no estimates; delete it")
    return read


def main(arguments: list[str] | None = None) -> int:
    """``python -m training.evaluation.shares_study``."""
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.shares_study", description="how good are the corrected shares?"
    )
    parser.add_argument("bundle", metavar="NAME|FILE")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="labelled face crops")
    parser.add_argument("--split", choices=("validation", "test"), default="validation", help="(validation)")
    parser.add_argument(
        "--shift", choices=SHIFTS, default="any", help="distribution of the populations' true shares (any)"
    )
    parser.add_argument("--populations", type=int, default=POPULATIONS, metavar="N", help=f"({POPULATIONS})")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=Path("census-study"), metavar="DIR", help="(census-study)")
    options = parser.parse_args(arguments)
    try:
        bundle = load_bundle(options.bundle).require("demographics")
        faces = _estimates(bundle, options.data, options.split, options.cache)
        folds = list(folds_of(bundle, faces, options.split, Census()))
    except BadInput as error:
        parser.error(str(error))
    result = {size: study(folds, options.shift, size, options.populations, options.seed) for size in SIZES}
    about = {"model": bundle.card.name, "split": options.split, "shift": options.shift}
    sys.stdout.write(json.dumps({**about, "total_variation": result}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
