"""Labelled faces on disk: two folder layouts are read, duplicates are dropped, and the split is by content."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edge.cameras.still import SUFFIXES
from edge.errors import BadInput, few
from edge.labels import MAX_AGE

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
MAX_LABEL_AGE = 120
"""Labels above this are mistakes; labels between ``MAX_AGE`` and this become ``MAX_AGE``."""
MAX_MALFORMED_SHARE = 0.01
UTKFACE_ETHNICITIES = ("white", "black", "asian", "indian", "other")

# age_gender_ethnicity_date; a few names of the published set lack the ethnicity or the dot, or have a space before it.
_UTKFACE_NAME = re.compile(r"^(?P<age>\d{1,3})_(?P<gender>[01])_(?:(?P<ethnicity>[0-4])_)?\d{6,}\D")
_AGE_RANGE = re.compile(r"(\d{1,3})\s*(?:-\s*(\d{1,3})|\+)?")
_GENDERS = {"female": 1, "f": 1, "woman": 1, "1": 1, "male": 0, "m": 0, "man": 0, "0": 0}


@dataclass(frozen=True)
class Sample:
    """One labelled face image. ``age`` is an inclusive range of years; ``gender`` is 1 for female, 0 for male."""

    path: Path
    sha256: str
    age: tuple[int, int] | None
    gender: int | None
    ethnicity: str | None = None

    @property
    def split(self) -> Split:
        """The split that the picture belongs to, by its content."""
        return split_of(self.sha256)

    @property
    def age_years(self) -> float | None:
        """Middle of the age range in years, or None where the label is blank."""
        return None if self.age is None else (self.age[0] + self.age[1]) / 2

    @property
    def labels(self) -> tuple[object, ...]:
        """The labels that copies of the picture must agree on."""
        return (self.age, self.gender, self.ethnicity)


@dataclass
class Dataset:
    """The usable samples of a folder, and the names of those that were left out, by reason."""

    samples: list[Sample]
    dropped: dict[str, list[str]] = field(default_factory=dict)
    layout: Literal["utkface", "labels.csv"] = "utkface"

    @property
    def sha256(self) -> str:
        """Digest of the images, independent of their names and order."""
        return hashlib.sha256("".join(sorted(sample.sha256 for sample in self.samples)).encode()).hexdigest()

    def of(self, *splits: Split) -> list[Sample]:
        """The samples of some splits."""
        return [sample for sample in self.samples if sample.split in splits]

    @property
    def origin(self) -> tuple[str, str]:
        """A description of the images, and their licence."""
        if self.layout == "utkface":
            return "UTKFace (aligned and cropped), de-duplicated", "non-commercial research only (UTKFace)"
        about = f"{len(self.samples)} images of a labels.csv, de-duplicated, SHA-256 {self.sha256}"
        return about, "that of the images, which maitred does not know"

    @property
    def facts(self) -> dict[str, Any]:
        """The entry in ``run.json``: description, licence, digest, number of samples, and what was left out and why."""
        about, licence = self.origin
        return {
            "about": about, "licence": licence, "sha256": self.sha256, "samples": len(self.samples),
            "dropped": {reason: sorted(names) for reason, names in self.dropped.items()},
        }  # fmt: skip

    def describe(self) -> str:
        """For the log: the number of samples by split, and what was dropped and why."""
        counts = ", ".join(f"{split} {len(self.of(split))}" for split in SPLITS)
        lines = [f"{len(self.samples)} samples: {counts}"]
        for reason, names in self.dropped.items():
            lines.append(f"dropped {len(names)} ({reason}): {few(names)}")
        return "\n".join(lines)


def split_of(sha256: str) -> Split:
    """80/10/10 by content hash: the same picture is in the same split, whatever its name or folder."""
    bucket = int(sha256[:15], 16) % 100
    return "train" if bucket < 80 else "validation" if bucket < 90 else "test"


def read_dataset(folder: Path) -> Dataset:
    """Read a folder's ``labels.csv`` if there is one, else its UTKFace file names; drop duplicates by content.

    Raises:
        BadInput: there is no such folder, it has no labelled image, or more than 1 % of the entries are malformed.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; give a folder of UTKFace images or one with a labels.csv")
    labels = folder / "labels.csv"
    malformed: list[str] = []
    found = list(_read_labels(labels, malformed) if labels.exists() else _read_utkface(folder, malformed))
    if not found:
        raise BadInput(
            f"{folder}: no labelled image (UTKFace names like 34_1_2_20170112213500903.jpg, or a labels.csv)"
        )
    if len(malformed) > max(1, MAX_MALFORMED_SHARE * (len(found) + len(malformed))):
        raise BadInput(f"{folder}: {len(malformed)} malformed entries, more than 1 %: {few(malformed)}")
    dataset = _deduplicate(found)
    dataset.layout = "labels.csv" if labels.exists() else "utkface"
    if malformed:
        dataset.dropped["malformed name or label"] = malformed
    return dataset


def _read_utkface(folder: Path, malformed: list[str]) -> Iterator[Sample]:
    # Names with a leading dot (._34_1_2_20170112213500903.jpg) are left behind by other systems and are no photographs.
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.name[0] != "."):
        match = _UTKFACE_NAME.match(path.name)
        if match is None or int(match["age"]) > MAX_LABEL_AGE:
            malformed.append(path.name)
            continue
        age = min(int(match["age"]), MAX_AGE)
        ethnicity = UTKFACE_ETHNICITIES[int(match["ethnicity"])] if match["ethnicity"] else None
        yield Sample(path, _sha256(path), (age, age), int(match["gender"]), ethnicity)


def _read_labels(labels: Path, malformed: list[str]) -> Iterator[Sample]:
    with labels.open(newline="", encoding="utf-8-sig") as lines:
        rows = csv.DictReader(lines)
        try:
            missing = {"file", "age", "gender"} - set(rows.fieldnames or ())
            if missing:
                raise BadInput(
                    f"{labels}: missing column {', '.join(sorted(missing))}; expected file,age,gender[,ethnicity]"
                )
            for row in rows:
                sample = _labelled(row, labels.parent)
                if sample is None:
                    malformed.append(row["file"] or f"line {rows.line_num}")
                else:
                    yield sample
        except (UnicodeDecodeError, csv.Error) as error:
            raise BadInput(f"{labels}: not a CSV file in UTF-8 ({error}); save it again as one") from error


def _labelled(row: dict[str, str | None], folder: Path) -> Sample | None:
    path = folder / (row["file"] or "")
    gender = (row["gender"] or "").strip().lower()
    try:
        age = parse_age(row["age"] or "")
    except ValueError:
        return None
    if not path.is_file() or (gender and gender not in _GENDERS):
        return None
    ethnicity = (row.get("ethnicity") or row.get("race") or "").strip() or None
    return Sample(path, _sha256(path), age, _GENDERS.get(gender), ethnicity)


def parse_age(text: str) -> tuple[int, int] | None:
    """``"34"`` -> (34, 34), ``"20-29"`` -> (20, 29), ``"70+"`` and ``"more than 70"`` -> (70, 100), blank -> None.

    Raises:
        ValueError: it is none of these, or an age above 120.
    """
    text = text.strip().lower()
    if not text:
        return None
    if text.startswith("more than "):  # how FairFace names the group after 60-69
        text = text.removeprefix("more than ") + "+"
    match = _AGE_RANGE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no age such as 34, 20-29 or 70+")
    low = int(match[1])
    high = max(low, MAX_AGE) if "+" in text else int(match[2] or low)
    if not low <= high <= MAX_LABEL_AGE:
        raise ValueError(f"{text!r} is no range of ages between 0 and {MAX_LABEL_AGE}")
    return (min(low, MAX_AGE), min(high, MAX_AGE))


def _deduplicate(found: list[Sample]) -> Dataset:
    by_content: dict[str, list[Sample]] = defaultdict(list)
    for sample in found:
        by_content[sample.sha256].append(sample)
    unique, copies, disagreeing = [], [], []
    for group in by_content.values():
        if len({sample.labels for sample in group}) > 1:
            disagreeing += [sample.path.name for sample in group]
        else:
            unique.append(group[0])
            copies += [sample.path.name for sample in group[1:]]
    dropped = {"copies with the same labels": copies, "copies whose labels disagree": disagreeing}
    return Dataset(unique, {reason: names for reason, names in dropped.items() if names})


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
