"""The kinds of camera that are installed, and which of them a source names.

The grammar of `[camera] source` is written here and in the kinds, and nowhere else. A kind is registered as an entry
point of the group `maitred.cameras`; edge/cameras/kinds.py has the shipped ones, docs/extending.md says how to write
another.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.cameras.camera import Camera
from edge.errors import BadInput
from edge.system import plugins
from edge.system.redaction import without_secrets

log = logging.getLogger(__name__)


class CameraOpener(Protocol):
    """Opens the camera that a source names."""

    def __call__(self, source: str, *, size: tuple[int, int], fps: float) -> Camera:
        """Open it.

        Args:
            source: the whole text, such as `v4l2:/dev/video0`; it matches the kind's pattern.
            size: width and height to ask a device for, in pixels.
            fps: frames per second to ask a device for, or at which single images follow each other.

        Raises:
            BadInput: the source can never be opened as it is written.
            CameraError: the device or the stream does not answer now; it is tried again later.
        """


@dataclass(frozen=True)
class CameraKind:
    """One way to name a camera, and how such a camera is opened.

    Attributes:
        pattern: regular expression that the whole of a well-formed source matches.
        open: opens the camera. Packages that not everybody has are imported in there, not before.
        example: a source of this kind, for messages.
        help: what kind of camera that is, for messages.
        live: whether the camera may be away now and come back later. The agent then starts without it and opens it
            again and again; anything else has to be there when the agent starts.
        rule: what to say about a source that does not match the pattern.
        finds: None for a kind that is named by its scheme, the name of its entry point. A kind that is named by a
            path alone says here whether that path is one of its own.
    """

    pattern: str
    open: CameraOpener
    example: str
    help: str
    live: bool = True
    rule: str = ""
    finds: Callable[[Path], bool] | None = None

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"the pattern {self.pattern!r} is no regular expression: {error}") from error

    def matches(self, source: str) -> bool:
        """Whether a source is well formed."""
        return re.fullmatch(self.pattern, source) is not None


def kind_by_scheme(source: str) -> CameraKind | None:
    """The kind whose scheme a source begins with; None if that is no scheme, so that the source has to be a path.

    Raises:
        BadInput: the kind is that of a plug-in which cannot be loaded.
    """
    scheme, colon, _ = source.partition(":")
    entry = plugins.installed(plugins.CAMERAS).get(scheme) if colon else None
    kind = None if entry is None else plugins.load(entry, CameraKind)
    return None if kind is None or kind.finds is not None else kind


def kind_of(source: str) -> CameraKind:
    """The kind of camera that a source names.

    Raises:
        BadInput: it names none; the message lists the kinds that are installed.
    """
    kind = kind_by_scheme(source)
    if kind is not None:
        if not kind.matches(source):
            rule = kind.rule or f"{kind.help} is named as in {kind.example}"
            raise BadInput(f"{without_secrets(source)}: {rule}. {forms()}")
        return kind
    if not source:
        raise BadInput(f"No camera is named. {forms()}")
    path = Path(source).expanduser()
    for kind in reversed(kinds()):  # a plug-in may claim files of its own before the shipped kinds take any file
        if kind.finds is not None and kind.matches(source) and kind.finds(path):
            return kind
    if path.is_char_device():
        raise BadInput(f"{source} is a device, not a recording: write v4l2:{source}")
    what = "unknown kind of camera" if re.match(r"[A-Za-z][\w+.-]+:", source) else "no such file or folder"
    raise BadInput(f"{without_secrets(source)}: {what}. {forms()}")


def may_be_away(source: str) -> bool:
    """Whether a source names, in the right form, a camera that may be away now and come back later.

    Raises:
        BadInput: the kind is that of a plug-in which cannot be loaded.
    """
    kind = kind_by_scheme(source)
    return kind is not None and kind.live and kind.matches(source)


def kinds() -> list[CameraKind]:
    """The kinds that are installed, each once: the shipped ones first. Plug-ins that are broken are left out."""
    return [kind for kind in _loaded() if isinstance(kind, CameraKind)]


def forms() -> str:
    """How a camera can be named, a line for each kind that is installed, and for each plug-in that is broken."""
    lines = [f"  {kind.example:<29} {kind.help}" if isinstance(kind, CameraKind) else f"  {kind}" for kind in _loaded()]
    return "\n".join(["Name a camera in one of these ways:", *lines])


def _loaded() -> list[CameraKind | BadInput]:
    """Each kind once, or why it cannot be used."""
    found: list[CameraKind | BadInput] = []
    for entry in plugins.installed(plugins.CAMERAS).values():
        try:
            kind = plugins.load(entry, CameraKind)
        except BadInput as error:
            log.warning("%s", error)
            found.append(error)
        else:
            if kind not in found:  # one kind may have several schemes
                found.append(kind)
    return found
