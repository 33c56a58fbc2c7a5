"""All sections together, and how they are read from a TOML file."""

from __future__ import annotations

import tomllib
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from edge.config.camera import Camera
from edge.config.census import Census
from edge.config.counting import Counting
from edge.config.dashboard import Dashboard
from edge.config.demographics import Demographics
from edge.config.detection import Detection
from edge.config.entrance import Entrance
from edge.config.faults import describe, short
from edge.config.mqtt import Mqtt
from edge.config.section import Section
from edge.config.sink import Sink
from edge.config.site import Site
from edge.config.store import Store
from edge.config.uplink import Uplink
from edge.errors import BadInput

MAX_BYTES, MAX_LINE = 64 << 10, 2000
"""Limits of a file. They are needed because the parser's time grows with the square of a dotted key's length."""
MOST_FAULTS = 50


class Settings(Section):
    """Everything that can be configured: one attribute for each section of the configuration file. Frozen.

    ``Settings()`` holds the defaults, ``Settings(counting=Counting(min_visit_s=2))`` changes a section, and
    :func:`load_settings` reads a file. docs/configuration.md lists all sections and keys with their bounds.

    Raises:
        pydantic.ValidationError: a key is unknown, or a value is out of bounds; the error names the key.
    """

    site: Site = Field(default_factory=Site, title="Site", description="Which restaurant and which device is counting.")
    camera: Camera = Field(default_factory=Camera, title="Camera", description="Where frames come from.")
    detection: Detection = Field(default_factory=Detection, title="Detection", description="How faces are found.")
    demographics: Demographics = Field(
        default_factory=Demographics, title="Demographics", description="How apparent age and gender are estimated."
    )
    counting: Counting = Field(default_factory=Counting, title="Counting", description="When a face becomes a visit.")
    entrance: Entrance = Field(
        default_factory=Entrance, title="Entrance", description="Where patrons come in, and which visits are of staff."
    )
    census: Census = Field(default_factory=Census, title="Census", description="Windows of counts.")
    store: Store = Field(default_factory=Store, title="Store", description="The local database.")
    uplink: Uplink = Field(default_factory=Uplink, title="Uplink", description="The way to the cloud.")
    mqtt: Mqtt = Field(default_factory=Mqtt, title="MQTT", description="The way to a broker and to Home Assistant.")
    sink: Sink = Field(
        default_factory=Sink, title="Sink", description="Which way the events of closed windows leave the device."
    )
    dashboard: Dashboard = Field(default_factory=Dashboard, title="Dashboard", description="The local web pages.")

    @field_validator("sink")
    @classmethod
    def _one_way_out(cls, value: Sink, info: ValidationInfo) -> Sink:
        uplink, mqtt = info.data.get("uplink"), info.data.get("mqtt")
        if uplink is None or mqtt is None:  # what is wrong with them is said already
            return value
        if value.name == "https" and not uplink.url:
            raise ValueError("name is https, and [uplink] has no url")
        if value.name == "mqtt" and not mqtt.host:
            raise ValueError("name is mqtt, and [mqtt] has no host")
        if value.name not in ("", "https") and uplink.url:
            raise ValueError(f"events go to one place: take out either name ({value.name}) or the url of [uplink]")
        return value

    @property
    def carrier(self) -> str:
        """Name of the sink to which the outbox sends events; empty if events do not leave the device.

        Each event is sent one way only: to the sink of ``[sink]`` if there is one, else over HTTPS, else to the broker.
        """
        return self.sink.name or ("https" if self.uplink.url else "mqtt" if self.mqtt.host else "")

    @property
    def sends(self) -> bool:
        """Whether events leave the device at all."""
        return bool(self.carrier)

    def with_model(self, name_or_path: str | PathLike[str]) -> Settings:
        """These settings with another age and gender model: the name of a shipped one, or the path of a bundle.

        Raises:
            BadInput: the argument is neither text nor a path.
        """
        if not isinstance(name_or_path, (str, PathLike)):
            kind = type(name_or_path).__name__
            raise BadInput(f"give a model's name ('mobile') or the path of its bundle, not something of type {kind}")
        model = str(name_or_path)
        return self.model_copy(update={"demographics": self.demographics.model_copy(update={"model": model})})


def load_settings(path: Path) -> Settings:
    """Settings from a TOML file; sections and keys that are absent keep their defaults.

    Raises:
        BadInput: the file is missing or not TOML, a key is unknown (the message suggests the nearest known one), or a
            value is out of bounds. The message names all faults at once.
    """
    try:
        values = tomllib.loads(_read(path))
    except OSError as error:
        raise BadInput(
            f"{path}: cannot read the configuration ({error.strerror}); --config takes a TOML file"
        ) from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and those of huge numbers and deep nesting
        raise BadInput(f"{path}: not valid TOML: {short(str(error))}") from error
    return parse_settings(values, str(path))


def parse_settings(values: dict[str, Any], origin: str) -> Settings:
    """Settings from parsed TOML; ``origin`` names the source in errors.

    Raises:
        BadInput: in the same cases as :func:`load_settings`.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_context=False)
        lines = [describe(fault, Settings) for fault in faults[:MOST_FAULTS]]
        if len(faults) > MOST_FAULTS:
            lines.append(f"and {len(faults) - MOST_FAULTS} more faults")
        raise BadInput("\n".join(f"{origin}: {line}" for line in lines)) from error


def _read(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise BadInput(f"{path}: not a regular file; --config takes a TOML file")
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    text = content.decode("utf-8-sig")  # Windows editors put a byte order mark in front
    if len(content) > MAX_BYTES or max(map(len, text.splitlines()), default=0) > MAX_LINE:
        raise BadInput(
            f"{path}: too long: a configuration has at most {MAX_BYTES >> 10} kB, and {MAX_LINE} characters in a line"
        )
    return text
