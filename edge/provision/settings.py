"""The settings in ``maitred.toml`` on the boot partition: the agent's sections, and what the device needs besides."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import TypeVar

from pydantic import Field, field_validator, model_validator

from edge.config.dashboard import Dashboard
from edge.config.mqtt import Mqtt
from edge.config.section import Section
from edge.config.settings import Settings
from edge.config.uplink import Uplink
from edge.dashboard.password import LONGEST, SHORTEST
from edge.errors import BadInput
from edge.uplink.secret import parse_secrets

Part = TypeVar("Part", bound=Section)
KEY_TYPES = (
    "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
)  # fmt: skip


class Device(Section):
    """[device]: the device itself."""

    hostname: str = Field(
        "maitred", title="Name",
        description="The device's name on the network: with the name maitred, it is found as maitred.local.",
        min_length=1,
    )  # fmt: skip

    @field_validator("hostname")
    @classmethod
    def _one_label(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", value.lower()):
            raise ValueError(
                "may have only letters a to z, digits, and hyphens between them, at most 63 in all, without .local"
            )
        return value.lower()


class Wifi(Section):
    """[wifi]: a wireless network."""

    ssid: str = Field(
        title="Network", description="Name of the network (SSID), with capital and small letters as they are.",
        min_length=1,
    )  # fmt: skip
    password: str = Field(
        "", title="Password",
        description="8 to 63 characters, or 64 hexadecimal digits. Without this line the network is an open one.",
    )  # fmt: skip
    country: str = Field(
        title="Country",
        description="The two letters of the country in which the device is, such as DE. They decide which radio"
        " channels are allowed.",
    )
    hidden: bool = Field(False, title="Hidden", description="Whether the network hides its name.")

    @field_validator("ssid")
    @classmethod
    def _short(cls, value: str) -> str:
        if len(value.encode()) > 32:
            raise ValueError("the name of a network has at most 32 bytes")
        return value

    @field_validator("password")
    @classmethod
    def _wpa(cls, value: str) -> str:
        length = len(value.encode())
        if value and not 8 <= length <= 63 and not re.fullmatch(r"[0-9A-Fa-f]{64}", value):
            raise ValueError(f"a Wi-Fi password has 8 to 63 characters, or is 64 hexadecimal digits; this has {length}")
        return value

    @field_validator("country")
    @classmethod
    def _two_letters(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z]{2}", value):
            raise ValueError("must be the country's two letters, such as DE, FR or US")
        if value.upper() == "UK":
            raise ValueError("the United Kingdom's two letters are GB")
        return value.upper()


class Ssh(Section):
    """[ssh]: the keys of people who may log in."""

    authorized_key: str = Field("", title="Key", description="A public key: the one line that is in id_ed25519.pub.")
    authorized_keys: tuple[str, ...] = Field(
        (), title="Keys", description="Several public keys.", min_length=0, max_length=20
    )

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys."""
        return (*([self.authorized_key] if self.authorized_key else []), *self.authorized_keys)

    @field_validator("authorized_key")
    @classmethod
    def _one(cls, value: str) -> str:
        return _public_key(value) if value else value

    @field_validator("authorized_keys")
    @classmethod
    def _each(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_public_key(key) for key in value)

    @model_validator(mode="after")
    def _some(self) -> Ssh:
        if not self.keys:
            raise ValueError('holds no key; write authorized_key = "ssh-ed25519 AAAA…", or delete the section')
        return self


class DeviceDashboard(Dashboard):
    """[dashboard], with the password itself."""

    password: str = Field(
        "", title="Password",
        description=f"{SHORTEST} to {LONGEST} characters. With a password the dashboard can be opened from the local"
        ' network (`host = "0.0.0.0"`, unless you set another). Only the hash of the password is stored.',
    )  # fmt: skip

    @field_validator("password")
    @classmethod
    def _long(cls, value: str) -> str:
        if value and not SHORTEST <= len(value) <= LONGEST:
            raise ValueError(f"a password has {SHORTEST} to {LONGEST} characters; this one has {len(value)}")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> DeviceDashboard:
        return _either(self, "password", self.password, self.password_file)

    @model_validator(mode="after")
    def _guarded(self) -> DeviceDashboard:
        return self  # edge/provision/check.py checks whether there is a password, in the file or taken over earlier


class DeviceUplink(Uplink):
    """[uplink], with the secret itself."""

    secret: str = Field("", title="Secret", description="The endpoint's Standard Webhooks signing secret: whsec_….")

    @field_validator("secret")
    @classmethod
    def _signs(cls, value: str) -> str:
        if value:
            try:
                parse_secrets(value.encode(), "secret")
            except BadInput:
                raise ValueError(
                    "must be whsec_ and 24 to 64 bytes in base64, as the endpoint's page shows it"
                ) from None
        return value

    @model_validator(mode="after")
    def _one_way(self) -> DeviceUplink:
        return _either(self, "secret", self.secret, self.secret_file)


class DeviceMqtt(Mqtt):
    """[mqtt], with the password itself."""

    password: str = Field("", title="Password", description="The broker's password for username.")

    @model_validator(mode="after")
    def _one_way(self) -> DeviceMqtt:
        return _either(self, "password", self.password, self.password_file)


class DeviceSettings(Settings):
    """Everything that the file on the boot partition may hold."""

    device: Device = Field(default_factory=Device, title="Device", description="The device itself.")
    wifi: Wifi | None = Field(
        None, title="Wi-Fi", description="The wireless network. Without this section the device uses the network cable."
    )
    ssh: Ssh | None = Field(
        None, title="Logging in",
        description="The keys of people who may log in over the network as maitred-admin. Without this section ssh"
        " stays off.",
    )  # fmt: skip
    uplink: DeviceUplink = Field(default_factory=DeviceUplink, title="Uplink", description="The way to the cloud.")
    mqtt: DeviceMqtt = Field(default_factory=DeviceMqtt, title="MQTT", description="The way to a broker.")
    dashboard: DeviceDashboard = Field(
        default_factory=DeviceDashboard, title="Dashboard", description="The local web pages."
    )


def _either(section: Part, key: str, value: str, path: Path | None) -> Part:
    if value and path is not None:
        raise ValueError(f"only one of {key} and {key}_file is allowed; delete the other")
    return section


def _public_key(text: str) -> str:
    key = " ".join(text.split())
    if "PRIVATE KEY" in key:
        raise ValueError("this is the private key, which never leaves your computer; the public one ends in .pub")
    kind, _, rest = key.partition(" ")
    try:
        blob = base64.b64decode(rest.partition(" ")[0], validate=True)
        sound = kind in KEY_TYPES and blob[4 : 4 + int.from_bytes(blob[:4])] == kind.encode()
    except binascii.Error:
        sound = False
    if not sound:
        raise ValueError('not a public key, which is one whole line such as "ssh-ed25519 AAAA… name"')
    return key
