"""From the name of a camera to the camera."""

from __future__ import annotations

from os import PathLike, fspath

from edge.cameras.camera import Camera, CameraError
from edge.cameras.registry import forms, kind_of
from edge.errors import BadInput, MaitredError
from edge.system.redaction import redact, without_secrets


def open_camera(uri: str | PathLike[str], *, size: tuple[int, int] = (1280, 720), fps: float = 15.0) -> Camera:
    """Open the camera that `uri` names.

    Args:
        uri: a source of one of the kinds that are installed, which `edge.cameras.registry.forms()` lists; a path object
            does as well for a file or a folder.
        size: width and height to ask a live device for, in pixels. Streams and recordings keep their own.
        fps: frames per second to ask a live device for; also the rate at which a folder's images follow each other.
            Streams and video files keep their own.

    Returns:
        The open camera; close it, or use it in a `with` statement.

    Raises:
        BadInput: the name is of no known form, or the file or folder cannot be used.
        CameraError: the device or the stream does not answer now.
    """
    if not isinstance(uri, (str, PathLike)):
        raise BadInput(f"{uri!r} names no camera. {forms()}")
    source = fspath(uri)
    kind = kind_of(source)
    try:
        camera = kind.open(source, size=size, fps=fps)
    except MaitredError:
        raise
    except Exception as error:  # a plug-in may raise anything
        reason = redact(f"{type(error).__name__}: {error}")
        raise CameraError(f"{without_secrets(source)}: {kind.help} could not be opened: {reason}") from error
    if not isinstance(camera, Camera):
        raise CameraError(
            f"{without_secrets(source)}: its plug-in opened a {type(camera).__name__}, which is no edge.cameras.Camera"
        )
    return camera
