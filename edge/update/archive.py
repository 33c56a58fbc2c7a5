"""Reading an update: a plain tar (ustar) of the manifest, its signature, and the files that the manifest lists.

The files follow in the manifest's order. Each one's name in the tar is its SHA-256.

This module reads the tar itself, because ``tarfile.open`` trusts headers of any length and kind before anything can be
checked. Here, only regular files of the expected name and size are read, in the expected order, and nothing after the
signature is read before the signature was verified.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nacl.signing import VerifyKey

from edge.errors import BadInput
from edge.update.keys import is_signed
from edge.update.manifest import LARGEST_MANIFEST, MANIFEST, SIGNATURE, Manifest

BLOCK = tarfile.BLOCKSIZE
CHUNK = 1 << 20
LARGEST_SIGNATURE = 1024


@dataclass(frozen=True)
class UpdateArchive:
    """An update whose signature is valid. Its files are checked while they are unpacked."""

    path: Path
    manifest: Manifest
    _first: int
    """Offset in bytes at which the files begin."""

    @classmethod
    def open(cls, path: Path, keys: list[VerifyKey]) -> UpdateArchive:
        """Read and verify the manifest.

        Raises:
            BadInput: the file is not an update, cut short, not signed by a trusted key, or of a format that this
                version does not know.
        """
        try:
            if not path.is_file():  # reading a device or a pipe might never end
                raise BadInput(f"{path}: no such file")
            with path.open("rb") as file:
                content = _member(file, path, MANIFEST, LARGEST_MANIFEST)
                signature = _member(file, path, SIGNATURE, LARGEST_SIGNATURE)
                first = file.tell()
        except OSError as error:
            raise BadInput(f"{path}: cannot be read ({error.strerror})") from error
        if not is_signed(content, signature, keys):
            raise BadInput(
                f"{path}: not signed by a key that this device trusts, or altered since; get it from the person who"
                " looks after your devices"
            )
        try:
            manifest = Manifest.decode(content)
        except BadInput as error:
            raise BadInput(f"{path}: {error}") from error
        expected = first + sum(BLOCK + _padded(file.size) for file in manifest.files.values())
        if path.stat().st_size < expected:
            raise BadInput(
                f"{path}: cut short: {path.stat().st_size:,} bytes of at least {expected:,}; copy or load it again"
            )
        return cls(path, manifest, first)

    def unpack(self, names: set[str], folder: Path) -> None:
        """Write the files ``names`` into ``folder``; each name is a path below it.

        Raises:
            BadInput: the content of the archive is not what was signed.
            OSError: the files cannot be written.
        """
        with self.path.open("rb") as source:
            source.seek(self._first)
            for name, file in self.manifest.files.items():
                _header(source, self.path, file.sha256, file.size, exact=True)
                if name not in names:
                    source.seek(_padded(file.size), io.SEEK_CUR)
                    continue
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                digest = hashlib.sha256()
                with target.open("wb") as written:
                    for chunk in _chunks(source, self.path, file.size):
                        digest.update(chunk)
                        written.write(chunk)
                if digest.hexdigest() != file.sha256:
                    raise BadInput(
                        f"{self.path}: {name} in it is not what was signed: altered or damaged; get the update again"
                    )


def _header(file: BinaryIO, path: Path, name: str, size: int, *, exact: bool) -> int:
    block = file.read(BLOCK)
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise BadInput(f"{path}: not an update of maitred, or damaged ({name} is not where it should be)") from error
    if header.name != name or header.type != tarfile.REGTYPE:
        raise BadInput(f"{path}: not an update of maitred, or altered: {header.name[:60]!r} is in the place of {name}")
    if not 0 <= header.size <= size or (exact and header.size != size):
        raise BadInput(f"{path}: altered: {name} has {header.size} bytes")
    return header.size


def _member(file: BinaryIO, path: Path, name: str, largest: int) -> bytes:
    size = _header(file, path, name, largest, exact=False)
    return b"".join(_chunks(file, path, size))


def _chunks(file: BinaryIO, path: Path, size: int) -> Iterator[bytes]:
    left = size
    while left:
        chunk = file.read(min(left, CHUNK))
        if not chunk:
            raise BadInput(f"{path}: cut short; copy or load it again")
        left -= len(chunk)
        yield chunk
    file.seek(_padded(size) - size, io.SEEK_CUR)


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
