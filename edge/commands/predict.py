"""``maitred predict``: estimates apparent age and gender of the faces in photos."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.commands import Commands, command

if TYPE_CHECKING:
    from edge.cameras.frame import Image
    from edge.vision.analyze import Face


def add(commands: Commands) -> None:
    """Add the subcommand."""
    parser = command(commands, "predict", run, "estimate apparent age and gender of the faces in photos")
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="photo, or folder of photos")
    parser.add_argument("--model", metavar="NAME|FILE", help="age and gender model")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write annotated copies here")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> int:
    """Estimate the faces of all photos that can be read, and name those that cannot.

    Returns 0 if all photos could be read, 1 if some could not.

    Raises:
        BadInput: none could be read.
    """
    from edge.cameras.still import read_image
    from edge.commands.output import print_json
    from edge.errors import BadInput
    from edge.vision.analyze import FaceAnalyzer

    paths = list(photos(options.paths))
    analyze = FaceAnalyzer(options.model or None)
    if options.out:
        _make_folder(options.out)
    images: list[dict[str, Any]] = []
    errors: list[dict[str, str]] = []
    # A copy must not replace a photo that lies in the folder of the copies.
    written = {path.name for path in paths if options.out and path.resolve().parent == options.out.resolve()}
    for path in paths:
        try:
            image = read_image(path)
        except BadInput as error:
            errors.append({"file": str(path), "error": str(error)})
            sys.stderr.write(f"maitred: {error}\n")
            continue
        faces = analyze(image)
        height, width = image.shape[:2]
        document = {"file": str(path), "width": width, "height": height, "faces": [_json(face) for face in faces]}
        images.append(document)
        if not options.json:
            sys.stdout.write(_text(path, faces) + "\n")
        if options.out:
            _write(_free_name(path, written), options.out, image, faces)
    if options.json:
        print_json({"images": images, "errors": errors})
    if not images:
        raise BadInput("none of the photos could be read")
    if errors:
        sys.stderr.write(f"maitred: {len(errors)} of {len(paths)} photos could not be read\n")
    return 1 if errors else 0


def photos(paths: list[Path]) -> list[Path]:
    """``paths`` with each folder replaced by the images in it, in the order of their names.

    Raises:
        BadInput: a folder holds no image.
    """
    from edge.cameras.still import images_in

    return [photo for path in paths for photo in (images_in(path) if path.is_dir() else [path])]


def _make_folder(folder: Path) -> None:
    from edge.errors import BadInput

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{folder}: cannot write there ({error.strerror}); give another --out") from error


def _free_name(path: Path, written: set[str]) -> str:
    # a.png and a.jpg, or photos of the same name from two folders, must not overwrite each other.
    name, number = f"{path.stem}.jpg", 2
    while name in written:
        name, number = f"{path.stem}-{number}.jpg", number + 1
    written.add(name)
    return name


def _write(name: str, folder: Path, image: Image, faces: list[Face]) -> None:
    import cv2
    import numpy as np

    from edge.errors import MaitredError
    from edge.vision.annotate import annotate

    _, encoded = cv2.imencode(".jpg", annotate(image, faces), [cv2.IMWRITE_JPEG_QUALITY, 92])
    try:
        (folder / name).write_bytes(np.asarray(encoded).tobytes())
    except OSError as error:
        raise MaitredError(f"{folder / name}: cannot write ({error.strerror})") from error


def _json(face: Face) -> dict[str, Any]:
    return {
        "box": [round(value, 1) for value in face.box],
        "score": round(face.score, 4),
        "age": round(face.age, 1),
        "age_interval": [round(age, 1) for age in face.age_interval],
        "gender": face.gender,
        "female_probability": None if face.female_probability is None else round(face.female_probability, 4),
    }


def _text(path: Path, faces: list[Face]) -> str:
    return "\n".join(f"{path}: {face}" for face in faces) or f"{path}: no face found"
