"""The signed manifest of an update, which lists every file of the archive with its size and SHA-256."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edge.errors import BadInput

SCHEMA = 1
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
LARGEST_MANIFEST = 1 << 20
LARGEST_FILE = 1 << 29
"""Bytes; the largest wheel has about twenty megabytes."""
FILE_NAME = r"^(wheels/[A-Za-z0-9][A-Za-z0-9._+-]{0,150}\.whl|units/[a-z][a-z-]{0,40}\.(service|timer|conf))$"
"""Names are one folder deep and none starts with a dot, so no file can leave the folder it is unpacked to."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=FILE_NAME)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ReleaseFile(_Strict):
    """One file of the archive."""

    sha256: Digest
    size: Annotated[int, Field(ge=0, le=LARGEST_FILE)]
    """Bytes."""


class UpdateTarget(_Strict):
    """A kind of device that the update is for."""

    machine: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,20}$")]
    """Processor, as ``uname -m`` prints it."""
    python: Annotated[str, Field(pattern=r"^3\.\d{1,2}$")]
    wheels: Annotated[list[FileName], Field(min_length=1, max_length=200)]
    installed: Annotated[int, Field(gt=0)]
    """Bytes that its wheels take unpacked."""

    def __str__(self) -> str:
        return f"Python {self.python} on {self.machine}"


class Manifest(_Strict):
    """The content that is signed."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    name: Literal["maitred"]
    version: Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.+-]{0,40}$")]
    made_at: Annotated[str, Field(max_length=40)]
    """UTC, ISO 8601."""
    targets: Annotated[list[UpdateTarget], Field(min_length=1, max_length=20)]
    files: Annotated[dict[FileName, ReleaseFile], Field(min_length=1, max_length=1000)]
    """The files, in the order in which they are in the archive."""

    @model_validator(mode="after")
    def _wheels_are_there(self) -> Manifest:
        for target in self.targets:
            for wheel in target.wheels:
                if wheel not in self.files:
                    raise ValueError(f"{wheel} is needed but not in the archive")
        return self

    @property
    def units(self) -> list[str]:
        """Names of the systemd units."""
        return [name for name in self.files if name.startswith("units/")]

    def target(self, machine: str, python: str) -> UpdateTarget:
        """The part for this kind of device.

        Raises:
            BadInput: there is none.
        """
        for target in self.targets:
            if (target.machine, target.python) == (machine, python):
                return target
        targets = "; ".join(str(target) for target in self.targets)
        raise BadInput(
            f"this update is for {targets}; this device has Python {python} on {machine}: get one made for it"
        )

    def encode(self) -> bytes:
        """The JSON that is signed."""
        return (json.dumps(self.model_dump(mode="json", by_alias=True), indent=1) + "\n").encode()

    @classmethod
    def decode(cls, content: bytes) -> Manifest:
        """Read a manifest from JSON.

        Raises:
            BadInput: it is not a manifest that this version knows.
        """
        try:
            document = json.loads(content)
            if isinstance(document, dict) and document.get("schema") != SCHEMA:
                raise BadInput(
                    f"this update has format {document.get('schema')!r}, and this maitred knows {SCHEMA}: first install"
                    " a release between the two"
                )
            return cls.model_validate(document)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise BadInput(
                f"the update's manifest is faulty ({place}: {first['msg']}): get the update again"
            ) from error
        except (ValueError, RecursionError) as error:
            raise BadInput(f"the update's manifest is faulty ({error}): get the update again") from error
