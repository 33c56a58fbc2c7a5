"""A model bundle: one ``.tflite`` file with its card appended as a zip, as TFLite does for its own metadata."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from edge.errors import BadInput, MaitredError
from edge.labels import AGES
from edge.system.atomic_files import replace_file
from edge.vision.card import Card
from edge.vision.interpreter import Interpreter

CARD = "card.json"
MAX_CARD_BYTES = 4 << 20
MAX_BUNDLE_BYTES = 256 << 20
MAX_DIRECTORY_BYTES = 64 << 10
END_OF_ARCHIVE, END_OF_LARGE_ARCHIVE = b"PK\5\6", b"PK\6\7"
REQUIRED_OUTPUTS = {
    "demographics": ({"age_logits", "gender_logit"},),
    "face-detection": ({"scores", "centres", "sizes", "landmarks"}, {"scores", "boxes"}),
}
"""The outputs that each task needs: all of one of these sets. The published detector gives boxes and landmarks in one
tensor."""
ARCHIVE_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, KeyError, ValueError, EOFError, OSError, RuntimeError)
"""Errors that Python's zip reader raises for damaged archives."""


@dataclass(frozen=True, repr=False)
class Bundle:
    """A model and its card. :meth:`interpreter` checks that they agree."""

    card: Card
    model: bytes
    """The TFLite model alone, without the card."""
    sha256: str = ""
    """SHA-256 of the whole file, as hexadecimal digits; "" if the bundle has not been written yet."""
    size: int = 0
    """Size of the whole file in bytes; 0 if the bundle has not been written yet."""
    shipped: bool = False
    """Whether it came with maitred. Any other bundle is not trusted."""

    def __repr__(self) -> str:
        return f"Bundle({self.card.name!r}, version {self.card.version}, {self.card.task}, {len(self.model)} bytes)"

    def require(self, task: str) -> Bundle:
        """Return this bundle if it is for ``task``.

        Raises:
            BadInput: it is for another task.
        """
        if self.card.task != task:
            raise BadInput(f"{self.card.name}: a model for {self.card.task}, where one for {task} is needed")
        return self

    def interpreter(self, threads: int) -> Interpreter:
        """The loaded model.

        Raises:
            BadInput: its tensors contradict the card.
            InterpreterError: no runtime is installed, or the runtime refuses the model.
        """
        interpreter = Interpreter(self.model, threads, self.card.name)
        _check_tensors(self.card, interpreter)
        return interpreter


def load_bundle(name_or_path: str) -> Bundle:
    """A shipped bundle by name (``table1``) or any bundle by path.

    Raises:
        BadInput: there is no such bundle, or the file is not a bundle (not a TFLite file, without a card, of another
            schema, truncated or altered).
    """
    try:
        path = _resolve(name_or_path)
        if not path.is_file():  # reading a device or a pipe might never end
            raise BadInput(f"{path}: not a file, so not a model bundle; shipped: {', '.join(shipped_models())}")
        if path.stat().st_size > MAX_BUNDLE_BYTES:
            raise BadInput(f"{path}: too large for a model bundle")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{name_or_path}: cannot read the model ({error}); shipped: {', '.join(shipped_models())}"
        ) from error
    if content[4:8] != b"TFL3":
        raise BadInput(f"{path}: not a TFLite model")
    card, model = _read(path, content)
    return Bundle(card, model, hashlib.sha256(content).hexdigest(), len(content), name_or_path in shipped_models())


def with_model_digest(card: Card, model: bytes) -> Card:
    """The card with the SHA-256 of its model, so that :func:`load_bundle` notices if the model was altered."""
    return card.model_copy(update={"model_sha256": hashlib.sha256(model).hexdigest()})


def write_bundle(path: Path, model: bytes, card: Card) -> None:
    """Write the model with its card appended. The same model and card give the same bytes. Half a file is never left.

    Raises:
        MaitredError: it cannot be written there (no such folder, no permission, a full disk).
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as files:
        # A fixed date, because the bytes must not depend on the time of writing.
        entry = zipfile.ZipInfo(CARD, (1980, 1, 1, 0, 0, 0))
        files.writestr(entry, json.dumps(card.model_dump(mode="json"), indent=1, sort_keys=True))
    try:
        replace_file(path, model + archive.getvalue())
    except OSError as error:
        raise MaitredError(f"{path}: cannot be written ({error.strerror}); make room or give another file") from error


def shipped_models() -> list[str]:
    """Names of the bundles that come with maitred."""
    folder = resources.files("edge").joinpath("models")
    return sorted(entry.name.removesuffix(".tflite") for entry in folder.iterdir() if entry.name.endswith(".tflite"))


def _resolve(name_or_path: str) -> Path:
    if name_or_path in shipped_models():
        return Path(str(resources.files("edge").joinpath("models", f"{name_or_path}.tflite")))
    if not Path(name_or_path).exists():
        raise BadInput(
            f"{name_or_path}: no such model; shipped: {', '.join(shipped_models())}, or give the path of a bundle"
        )
    return Path(name_or_path)


def _read(path: Path, content: bytes) -> tuple[Card, bytes]:
    """The card of a bundle, and its model without the card."""
    try:
        _check_directory(content)
        with zipfile.ZipFile(io.BytesIO(content)) as files, files.open(CARD) as card_file:
            if files.getinfo(CARD).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError("only these two kinds are unpacked no further than was asked for")
            # The size that the archive names cannot be trusted: a small file can unpack to gigabytes.
            text = card_file.read(MAX_CARD_BYTES + 1)
            model = content[: min(entry.header_offset for entry in files.infolist())]
        if len(text) > MAX_CARD_BYTES or files.getinfo(CARD).file_size > MAX_CARD_BYTES:
            raise BadInput(f"{path}: its card is too large")
    except ARCHIVE_ERRORS as error:
        raise BadInput(
            f"{path}: a TFLite model without a readable card, or a truncated bundle; make one with maitred convert"
        ) from error
    try:
        values = json.loads(text)
        schema = values.get("schema_version") if isinstance(values, dict) else None
        if schema != 1:
            raise BadInput(f"{path}: its card has schema {schema!r}; this maitred reads schema 1")
        card = Card.model_validate(values)
    except (ValidationError, ValueError, RecursionError) as error:
        raise BadInput(f"{path}: its card is not valid: {error}") from error
    if card.model_sha256 and hashlib.sha256(model).hexdigest() != card.model_sha256:
        raise BadInput(
            f"{path}: its model was altered or damaged: it is not the one that its card describes; copy it again"
        )
    present = {output.name for output in card.outputs}
    missing = min((required - present for required in REQUIRED_OUTPUTS[card.task]), key=len)
    if missing or (card.crop if card.task == "demographics" else card.anchors) is None:
        raise BadInput(
            f"{path}: its card lacks what the task {card.task} needs: {', '.join(sorted(missing)) or 'geometry'}"
        )
    return card, model


def _check_directory(content: bytes) -> None:
    """Refuse an archive with so many files that reading their list alone takes long."""
    end = len(content) - 22
    if content[end : end + 4] != END_OF_ARCHIVE:
        end = content.rfind(END_OF_ARCHIVE, max(0, len(content) - (1 << 16) - 22))
    if end < 0 or len(content) < end + 22 or content[max(0, end - 20) : end].startswith(END_OF_LARGE_ARCHIVE):
        raise ValueError("not an archive, or larger than any bundle")
    if int.from_bytes(content[end + 12 : end + 16], "little") > MAX_DIRECTORY_BYTES:
        raise ValueError("too many files")


def _check_tensors(card: Card, interpreter: Interpreter) -> None:
    anchors = card.anchors.count if card.anchors else 0
    sizes = {"age_logits": (1, AGES), "gender_logit": (1, 1)}
    tensor = interpreter.inputs[0]
    if (tensor.shape, tensor.dtype.name) != ((1, card.input.height, card.input.width, 3), card.input.dtype):
        raise BadInput(f"{card.name}: the card contradicts the model's input, {tensor.dtype} {tensor.shape}")
    for output in card.outputs:
        if output.index >= len(interpreter.outputs):
            raise BadInput(
                f"{card.name}: the card names output {output.index}, the model has {len(interpreter.outputs)}"
            )
        expected = sizes.get(output.name, (1, anchors))
        if output.shape[:2] != expected:
            raise BadInput(f"{card.name}: its {output.name} have the shape {output.shape}, not {expected}")
        tensor = interpreter.outputs[output.index]
        described = (output.shape, output.dtype, round(output.scale, 9), output.zero_point)
        if described != (tensor.shape, tensor.dtype.name, round(tensor.scale, 9), tensor.zero_point):
            raise BadInput(f"{card.name}: the card contradicts the model's output {output.name}: {tensor}")
