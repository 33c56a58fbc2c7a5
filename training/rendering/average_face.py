"""Average faces: the pixel mean of many aligned faces of similar age and the same gender.

The mean of enough faces looks like a person, but is nobody. Therefore a clip of walking people can be shipped without
anybody's picture in it. The faces are chosen: frontal, in colour, sharp, similar to each other, and no two that seem to
be the same person's, as far as comparing pixels can show that. They are laid over each other, first by an affine map,
then by a smooth dense one, brought to a common brightness and averaged with equal weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import BadInput
from edge.labels import GENDER_OF_LABEL, Gender
from training.data.dataset import Sample

Image = NDArray[np.uint8]
Gray = NDArray[np.float32]

SIDE = 200
FEWEST_FACES = 16
MAX_CANDIDATES = 360  # faces examined for one average; more take longer and change little
AFFINE_ROUNDS = 2
FLOW_ROUNDS = 3
MAX_SHEAR = 0.25
MAX_SHIFT = 30.0  # pixels of 200: a face that needs more is not frontal, or cropped differently
MAX_RESEMBLANCE = 0.35


@dataclass(frozen=True)
class FacePicture:
    """A face to draw on a person: the average of many, or in the simulator a single photograph.

    ``image`` is uint8 RGB (200, 200, 3), eyes level, chin near the lower edge; ``age`` is the mean in years of the
    averaged faces' labels; ``faces_averaged`` says how many there were.
    """

    image: Image
    age: float
    gender: Gender
    faces_averaged: int


@dataclass(frozen=True)
class FaceSelection:
    """Whose faces to average: one gender, an inclusive range of ages in years and, if given, one ethnicity label."""

    gender: Gender
    youngest: int
    oldest: int
    ethnicity: str | None = None

    def matches(self, sample: Sample) -> bool:
        """Whether the sample has these labels; a sample with an unknown age or gender never does."""
        age = sample.age_years
        return (
            age is not None
            and self.youngest <= age <= self.oldest
            and sample.gender is not None
            and GENDER_OF_LABEL[sample.gender] == self.gender
            and self.ethnicity in (None, sample.ethnicity)
        )

    def __str__(self) -> str:
        return f"{self.ethnicity or 'any'} {self.gender} {self.youngest}-{self.oldest}"


@dataclass
class _Face:
    """A candidate: its picture, as read or as aligned, and the measures by which it is chosen."""

    age: float
    image: Image
    gray: Gray = field(init=False)
    symmetry: float = field(init=False)
    sharpness: float = field(init=False)

    def __post_init__(self) -> None:
        self.gray = _smooth(self.image)
        self.symmetry = _symmetry(self.gray)
        sharp = cv2.cvtColor(self.image, cv2.COLOR_RGB2GRAY)
        self.sharpness = float(cv2.Laplacian(sharp, cv2.CV_32F)[_OVAL].std() / sharp[_OVAL].std())


def average_face(
    samples: Sequence[Sample], selection: FaceSelection, rng: np.random.Generator, count: int = 24
) -> FacePicture:
    """Average at most ``count`` matching samples; the same samples and generator state give the same pixels.

    Pass samples of the training split: a clip made of test faces could not be used as a test.

    Raises:
        BadInput: ``count`` is below 16, or fewer than 16 usable faces match the selection.
    """
    if count < FEWEST_FACES:
        raise BadInput(f"an average of {count} faces could look like one of them; average at least {FEWEST_FACES}")
    fitting = sorted((sample for sample in samples if selection.matches(sample)), key=lambda sample: sample.sha256)
    drawn = rng.permutation(len(fitting))[:MAX_CANDIDATES]
    faces = list(_usable_faces([fitting[i] for i in drawn]))
    faces = _most_frontal(faces, 3 * count)
    faces = _align(faces, keep=2 * count)
    faces, mean = _blend(faces, keep=count)
    if len(faces) < FEWEST_FACES:
        raise BadInput(
            f"only {len(faces)} of {len(fitting)} faces labelled {selection} are fit for averaging, "
            f"{FEWEST_FACES} are needed; widen the age range, drop the ethnicity or give more faces"
        )
    age = sum(face.age for face in faces) / len(faces)
    return FacePicture(_sharpen(mean), age, selection.gender, len(faces))


def _oval() -> NDArray[np.bool_]:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(mask, (100, 105), (66, 82), 0, 0, 360, 255, -1)
    return mask > 0


_OVAL = _oval()
_OVAL_CENTRE = np.array([100.0, 105.0, 1.0])
_OVAL_U8 = _OVAL.astype(np.uint8) * 255
_ROWS, _COLUMNS = np.mgrid[:SIDE, :SIDE].astype(np.float32)


def _usable_faces(samples: Sequence[Sample]) -> Iterator[_Face]:
    """Read the samples and leave out grey, garish, flat and over- or underexposed pictures."""
    for sample in samples:
        image = cv2.imread(str(sample.path), cv2.IMREAD_COLOR)
        if image is None or sample.age_years is None:
            continue
        if image.shape != (SIDE, SIDE, 3):
            image = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
        saturation = float(cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)[..., 1][_OVAL].mean())
        tones = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[_OVAL]
        clipped = float(np.mean((tones < 5) | (tones > 250)))
        if 35 <= saturation <= 160 and tones.std() >= 18 and clipped <= 0.06:
            yield _Face(sample.age_years, rgb)


def _most_frontal(faces: list[_Face], keep: int) -> list[_Face]:
    """Drop the blurriest quarter, then keep the most symmetric faces, which are the most frontal ones."""
    if not faces:
        return []
    blurry = float(np.quantile([face.sharpness for face in faces], 0.25))
    return sorted((f for f in faces if f.sharpness >= blurry), key=lambda f: f.symmetry, reverse=True)[:keep]


def _align(faces: list[_Face], keep: int) -> list[_Face]:
    """Fit an affine map of each face onto their common median; keep the faces that then agree with it best."""
    for _ in range(AFFINE_ROUNDS):
        middle = np.median([face.gray for face in faces], axis=0) if faces else np.zeros((SIDE, SIDE))
        template = np.asarray((middle + middle[:, ::-1]) / 2, np.float32)
        fitted = [(score, face) for face in faces for score, face in _affine(template, face)]
        fitted.sort(key=lambda pair: pair[0], reverse=True)
        faces = [face for _, face in fitted[:keep]]
    return faces


def _affine(template: Gray, face: _Face) -> Iterator[tuple[float, _Face]]:
    start = np.eye(2, 3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-4)
    try:
        score, warp = cv2.findTransformECC(template, face.gray, start, cv2.MOTION_AFFINE, stop, _OVAL_U8, 1)
    except cv2.error:  # no convergence: this face is not like the others
        return
    shift = np.abs(_OVAL_CENTRE @ warp.T - _OVAL_CENTRE[:2]).max()
    if np.abs(warp[:, :2] - np.eye(2)).max() > MAX_SHEAR or shift > MAX_SHIFT:
        return
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(face.image, warp, (SIDE, SIDE), flags=how, borderMode=cv2.BORDER_REPLICATE)
    yield float(score), _Face(face.age, np.asarray(moved, np.uint8))


def _blend(faces: list[_Face], keep: int) -> tuple[list[_Face], NDArray[np.float64]]:
    """Warp each face smoothly onto the mean and average; unusual faces are dropped after the first round."""
    mean = np.zeros((SIDE, SIDE, 3))
    for turn in range(FLOW_ROUNDS):
        if not faces:
            break
        aligned = _even_exposure([face.image for face in faces])
        if turn == 0:
            mean = np.mean(aligned, axis=0)
        aligned = [_flow_to(mean, image, smoothness=8.0 if turn == 0 else 5.0) for image in aligned]
        if turn == 0:
            chosen = _most_typical(aligned, keep)
            faces, aligned = [faces[i] for i in chosen], [aligned[i] for i in chosen]
        mean = np.mean(aligned, axis=0)
    return faces, mean


def _even_exposure(images: list[Image]) -> list[Image]:
    """Scale each picture's channels so that the skin has the group's median colour: lighting differs more than skin."""
    colours = np.array([image[_OVAL].mean(axis=0) for image in images])
    gains = np.clip(np.median(colours, axis=0) / colours, 0.6, 1.6)
    return [np.clip(image * gain, 0, 255).astype(np.uint8) for image, gain in zip(images, gains, strict=True)]


def _flow_to(mean: NDArray[np.float64], image: Image, smoothness: float) -> Image:
    """Move the picture's features onto the mean's by a dense flow, blurred so that it bends but does not tear."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(_contrast(mean), _contrast(image), None)  # type: ignore[call-overload]
    flow = np.clip(cv2.GaussianBlur(flow, (0, 0), smoothness), -10, 10)
    x, y = _COLUMNS + flow[..., 0], _ROWS + flow[..., 1]
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _most_typical(aligned: list[Image], keep: int) -> list[int]:
    """Indices of the faces nearest to the median face, at most one of any group that may show the same person.

    Lettering, hands, glasses and paint differ most from the median, so they are dropped first.
    """
    details = np.array([_detail(image) for image in aligned])
    median = np.median(details, axis=0)
    oddness = np.sqrt(np.mean((details - median) ** 2, axis=1))
    # What remains after subtracting the median is individual: two pictures of one person resemble each other in it.
    own = details - median
    own /= np.linalg.norm(own, axis=1, keepdims=True) + 1e-6
    chosen: list[int] = []
    for index in np.argsort(oddness, kind="stable"):
        if len(chosen) < keep and all(own[index] @ own[other] < MAX_RESEMBLANCE for other in chosen):
            chosen.append(int(index))
    return sorted(chosen)


def _detail(image: Image) -> NDArray[np.float64]:
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = cv2.GaussianBlur(gray, (0, 0), 1) - cv2.GaussianBlur(gray, (0, 0), 12)
    return np.asarray(fine[_OVAL], np.float64)


def _contrast(image: Image | NDArray[np.float64]) -> Image:
    gray = cv2.cvtColor(np.clip(image, 0, 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.createCLAHE(2, (4, 4)).apply(gray), np.uint8)


def _smooth(image: Image) -> Gray:
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), 3), np.float32)


def _symmetry(gray: Gray) -> float:
    """Correlation (-1..1) of the face with its mirror image, at the best of a few sideways shifts."""
    mirrored = gray[:, ::-1]
    return max(float(np.corrcoef(gray[_OVAL], np.roll(mirrored, dx, axis=1)[_OVAL])[0, 1]) for dx in range(-8, 9, 2))


def _sharpen(mean: NDArray[np.float64]) -> Image:
    """A mild unsharp mask, because averaging softens edges a little."""
    sharpened = mean + 0.5 * (mean - cv2.GaussianBlur(mean, (0, 0), 2.0))
    return np.clip(np.rint(sharpened), 0, 255).astype(np.uint8)
