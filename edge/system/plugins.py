"""Plug-ins: objects that an installed package offers under a name, as an entry point of a group.

docs/extending.md says how to write one. If a plug-in cannot be loaded, the message names it and says what to do; what
does not use the plug-in works on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from typing import TypeVar

from edge.errors import BadInput

log = logging.getLogger(__name__)
Offered = TypeVar("Offered")

CAMERAS = "maitred.cameras"
"""Kinds of camera; the name is the scheme, which is what stands before the first colon of `[camera] source`."""
SINKS = "maitred.sinks"
"""Where the events of closed windows go; the name is that of `[sink] name`."""

SHIPPED: Mapping[str, Mapping[str, str]] = {
    CAMERAS: {
        "v4l2": "edge.cameras.kinds:USB_CAMERA",
        "rtsp": "edge.cameras.kinds:NETWORK_STREAM",
        "rtsps": "edge.cameras.kinds:NETWORK_STREAM",
        "http": "edge.cameras.kinds:NETWORK_STREAM",
        "https": "edge.cameras.kinds:NETWORK_STREAM",
        "picamera2": "edge.cameras.kinds:PI_CAMERA",
        "video": "edge.cameras.kinds:VIDEO_FILE",
        "folder": "edge.cameras.kinds:IMAGE_FOLDER",
    },
    SINKS: {
        "https": "edge.uplink.https:HTTPS",
        "mqtt": "edge.uplink.mqtt.sink:MQTT",
    },
}
"""What maitred itself offers, by group and name; pyproject.toml registers the same.

Entry points are read from files that pip wrote when it installed the package. In a checkout that was updated since,
these files are older than the code. So maitred looks up here what it ships itself, and there what others have added.
"""


def registered(group: str) -> list[EntryPoint]:
    """The entry points of a group, as the installed packages register them, in no particular order.

    A package whose list of entry points cannot be read is named in the log and left out.
    """
    try:
        return list(entry_points(group=group))
    except Exception:  # one package with a damaged list, and Python gives none of any
        log.debug("looking at each package by itself", exc_info=True)
    found: dict[str, list[EntryPoint]] = {}
    for package in distributions():
        name = _name_of(package)
        try:
            if name not in found:  # the first on the path is the one that would be imported
                found[name] = list(package.entry_points.select(group=group))
        except Exception as error:
            log.warning("the entry points of the package %s cannot be read (%s); install it again", name, error)
    return [entry for entries in found.values() for entry in entries]


@cache
def installed(group: str) -> Mapping[str, EntryPoint]:
    """Everything that is offered in a group, by name: what is shipped first, then others in the order of their names.

    No other package can take a name that maitred ships. If two other packages offer the same name, the one whose
    package name sorts first gets it, and the log says so. The answer is remembered for as long as the process runs.
    """
    shipped = SHIPPED.get(group, {})
    found = {name: EntryPoint(name, value, group) for name, value in shipped.items()}
    for entry in sorted(registered(group), key=lambda entry: (entry.name, package_of(entry))):
        if entry.name not in found:
            found[entry.name] = entry
        elif entry.name not in shipped or package_of(entry) != "maitred":
            log.warning(
                "%s: the name %s of the package %s is taken by the package %s; one of the two has to be uninstalled",
                group, entry.name, package_of(entry), package_of(found[entry.name]),
            )  # fmt: skip
    return found


def load(entry: EntryPoint, kind: type[Offered]) -> Offered:
    """Import what an entry point names.

    Raises:
        BadInput: it cannot be imported, or is not of the expected kind.
    """
    try:
        offered = entry.load()
    except Exception as error:  # the code of others may raise anything while it is imported
        raise BadInput(_broken(entry, f"{type(error).__name__}: {error}")) from error
    if not isinstance(offered, kind):
        raise BadInput(_broken(entry, f"{entry.value} is a {type(offered).__name__} and has to be a {kind.__name__}"))
    return offered


def unknown(group: str, name: str) -> str:
    """What to say about a name that nothing is installed under."""
    return (
        f"{name!r} is not installed; installed are: {', '.join(installed(group))}. Another one comes with a package"
        " (pip install)"
    )


def package_of(entry: EntryPoint) -> str:
    """Name of the package that an entry point belongs to."""
    return "maitred" if entry.dist is None else _name_of(entry.dist)


def _name_of(package: Distribution) -> str:
    # If the backport importlib_metadata is installed and imported, it takes the place of Python's own module here, and
    # raises an error where that gives None.
    try:
        return package.metadata["Name"] or "without a name"
    except Exception:
        return "without a name"


def _broken(entry: EntryPoint, reason: str) -> str:
    package = package_of(entry)
    return (
        f"the plug-in {entry.name} ({entry.group}) of the package {package} cannot be loaded: {reason}."
        f" Install the package again, or remove it: pip uninstall {package}"
    )
