"""Apparent age and gender of a face crop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.cameras.frame import Image
from edge.vision.alignment import crop_aligned, crop_face
from edge.vision.bundle import Bundle
from edge.vision.detection import Detection, Float32Array
from edge.vision.preprocess import Preprocess

AGE_INTERVAL_SHARE = 0.8
"""Share of the age distribution that lies within an age interval."""
OUTLIER_YEARS = 8.0
"""An estimate that is this many years away from the median of its visit has half its weight."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Apparent age and gender of a face, from one or several crops.

    Attributes:
        age_distribution: float32 (101,), probability of each apparent age 0..100, sums to 1.
        female_probability: 0..1.
    """

    age_distribution: Float32Array
    female_probability: float

    @classmethod
    def from_logits(cls, age_logits: Float32Array, gender_logit: float) -> Estimate:
        """Make an estimate from a network's outputs.

        Args:
            age_logits: float32 (101,); their softmax is the age distribution.
            gender_logit: the logit of P(female).
        """
        density = np.exp(age_logits - age_logits.max())
        return cls((density / density.sum()).astype(np.float32), float(1 / (1 + np.exp(-gender_logit))))

    @property
    def age(self) -> float:
        """Expected apparent age in years."""
        return float(self.age_distribution @ np.arange(len(self.age_distribution)))

    @property
    def age_interval(self) -> tuple[float, float]:
        """Central 80 % interval of the apparent age, in years."""
        return self.quantile((1 - AGE_INTERVAL_SHARE) / 2), self.quantile((1 + AGE_INTERVAL_SHARE) / 2)

    def softened(self, temperature: float) -> Estimate:
        """The same estimate, less certain of the age: the logarithm of its distribution is divided by ``temperature``,
        which is 1 or more.
        """
        density = np.asarray(self.age_distribution, np.float64) ** (1 / temperature)
        return Estimate((density / density.sum()).astype(np.float32), self.female_probability)

    def quantile(self, share: float) -> float:
        """Age in years below which this share (0..1) of the distribution lies, interpolated within a year."""
        cumulative = np.concatenate([[0.0], np.cumsum(self.age_distribution, dtype=np.float64)])
        edges = np.clip(np.arange(len(cumulative)) - 0.5, 0, len(self.age_distribution) - 1)
        return float(np.interp(share * cumulative[-1], cumulative, edges))


def pool(estimates: Sequence[Estimate], weights: Sequence[float] | None = None) -> Estimate:
    """Combine several estimates of the same face into one: a log-opinion pool whose weights sum to 1.

    Shots of one visit are far from independent, so their evidence is averaged, not multiplied. ``weights`` say how much
    each of them counts, equally by default. An estimate that differs from the others (of a turned or half hidden face)
    counts less: it has Cauchy's weight, 1 / (1 + (difference / OUTLIER_YEARS)^2), as in robust regression.

    Raises:
        ValueError: ``estimates`` is empty.
    """
    if not estimates:
        raise ValueError("nothing to pool")
    ages = np.array([estimate.age for estimate in estimates])
    shares = np.ones(len(estimates)) if weights is None else np.maximum(np.asarray(weights, np.float64), 1e-3)
    shares = shares / (1 + ((ages - np.median(ages)) / OUTLIER_YEARS) ** 2)
    shares = shares / shares.sum()
    logs = shares @ np.log(np.maximum([estimate.age_distribution for estimate in estimates], 1e-6))
    density = np.exp(logs - logs.max())
    odds = np.clip([estimate.female_probability for estimate in estimates], 1e-4, 1 - 1e-4)
    logit = float(shares @ np.log(odds / (1 - odds)))
    return Estimate((density / density.sum()).astype(np.float32), float(1 / (1 + np.exp(-logit))))


class DemographicsEstimator:
    """Estimates apparent age and gender with the model of a demographics bundle."""

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        self.card = bundle.card
        self.sha256 = bundle.sha256
        self._interpreter = bundle.require("demographics").interpreter(threads)
        self._preprocess = Preprocess(bundle.card.input, self._interpreter.inputs[0])
        self._age, self._gender = (bundle.card.output(name).index for name in ("age_logits", "gender_logit"))

    def crop(self, image: Image, face: Detection) -> Image:
        """Cut a face out as the model's card says: uint8 BGR (size, size, 3)."""
        if self.card.crop is None:
            raise ValueError("a demographics bundle needs a crop in its card")
        return crop_face(image, face, self.card.crop, self.card.input.width)

    def estimate(self, crop: Image) -> Estimate:
        """Estimate age and gender from a face crop, uint8 BGR. A crop of another size is taken for aligned, and
        resized.
        """
        size = self.card.input.width
        if crop.shape[:2] != (size, size):
            crop = crop_aligned(crop, size)
        raw = self._interpreter.run(self._preprocess(crop))
        logits = self._interpreter.outputs[self._age].dequantise(raw[self._age]).reshape(-1)
        gender = float(self._interpreter.outputs[self._gender].dequantise(raw[self._gender]).reshape(-1)[0])
        return Estimate.from_logits(logits, gender)
