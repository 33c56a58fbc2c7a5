"""Secrets: read from the file on the boot partition, stored where only root can read, and blanked in the file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.security import check_password_hash, generate_password_hash

from edge.dashboard.password import METHOD, normal
from edge.errors import MaitredError
from edge.provision.document import for_parser
from edge.system import atomic_files
from edge.system.redaction import PASSWORD, QUERY

NOTE = "# taken over by the device; to change it, write the new one between the quotes"
NOTE_IN_ADDRESS = "# what is secret in it was taken over by the device; to change that, write it at its place again"
STRING = re.compile(
    r"#[^\r\n]*"
    r'|(?P<string>"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\r\n])*"|\'[^\'\r\n]*\')',
    re.DOTALL,
)


@dataclass(frozen=True)
class Secret:
    """A secret value of the file."""

    section: str
    key: str
    part: re.Pattern[str] | None = None
    """Matches the part of an address that is the secret; None if the whole value is."""

    @property
    def name(self) -> str:
        """The name under which it is stored."""
        return f"{self.section}.{self.key}{'.query' if self.part is QUERY else ''}"

    @property
    def note(self) -> str:
        """The comment that is written behind its place in the file."""
        return NOTE_IN_ADDRESS if self.part else NOTE

    def value(self, values: Mapping[str, Any]) -> str | None:
        """The secret in ``values``; "" if it was blanked, None if the file has none."""
        section = values.get(self.section)
        value = section.get(self.key) if isinstance(section, Mapping) else None
        if not isinstance(value, str):
            return None
        if self.part is None:
            return value
        match = self.part.match(value)
        return match["secret"] if match else None

    def with_value(self, values: Mapping[str, Any], secret: str) -> dict[str, Any]:
        """``values`` with ``secret`` in its place."""
        section = dict(values[self.section])
        old = section[self.key]
        match = self.part.match(old) if self.part else None
        section[self.key] = old[: match.start("secret")] + secret + old[match.end("secret") :] if match else secret
        return {**values, self.section: section}


DASHBOARD = Secret("dashboard", "password")
ADDRESSES = (("camera", "source"), ("uplink", "url"))
IN_ADDRESSES = tuple(Secret(section, key, part) for section, key in ADDRESSES for part in (PASSWORD, QUERY))
SECRETS = (Secret("wifi", "password"), DASHBOARD, Secret("uplink", "secret"), Secret("mqtt", "password"), *IN_ADDRESSES)


class SecretLost(MaitredError):
    """A secret that was taken over cannot be read any more; the message is the reason."""


class Vault:
    """A folder that only root can read, with one file for each secret; for the dashboard's password, its hash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str) -> str | None:
        """The secret; None if none was taken over.

        Raises:
            SecretLost: one was taken over, but cannot be read.
        """
        try:
            content = (self.folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SecretLost(error.strerror or str(error)) from error
        except UnicodeDecodeError:
            raise SecretLost("damaged") from None
        # A broken card may leave an empty file, or zeros. An empty Wi-Fi password would mean an open network.
        if not content or "\0" in content or (name == DASHBOARD.name and content.count("$") != 2):
            raise SecretLost("damaged")
        return content

    def put(self, name: str, value: str) -> None:
        """Store a secret; on return it is on the disk."""
        try:
            old = self.get(name)
        except SecretLost:
            old = None
        if name == DASHBOARD.name:
            if old is not None and _is_hash_of(old, value):
                return
            value = generate_password_hash(normal(value), METHOD)
        if value != old:
            atomic_files.replace_file(self.folder / name, value.encode(), mode=0o600)

    def drop(self, name: str) -> None:
        """Delete a secret."""
        atomic_files.remove_file(self.folder / name)


def _is_hash_of(stored: str, password: str) -> bool:
    try:
        return check_password_hash(stored, normal(password))
    except ValueError:  # not a hash at all
        return False


def blank(text: str, values: Mapping[str, Any], secrets: list[Secret]) -> str | None:
    """``text`` without the secrets, but with all comments and line ends; None if that cannot be done.

    Each string of the text is tried. The right one is found when the parsed file then differs in the secret and nothing
    else, so it does not matter how the file is written.
    """
    for secret in secrets:
        blank_values = secret.with_value(values, "")
        blanked = _without(text, secret, values, blank_values)
        if blanked is None:
            return None
        text, values = blanked, blank_values
    return text


def _without(text: str, secret: Secret, values: Mapping[str, Any], blank_values: Mapping[str, Any]) -> str | None:
    old, new = values[secret.section][secret.key], blank_values[secret.section][secret.key]
    for match in STRING.finditer(text):
        if match["string"] is None or _string(match["string"]) != old:
            continue
        bare = f"{text[: match.start()]}{_quoted(new)}{text[match.end() :]}"
        end = match.start() + len(_quoted(new))
        rest = re.compile(r"[^\r\n]*").match(bare, end)
        line_end = rest.end() if rest else end
        noted = f"{bare[:line_end].rstrip(' ')}  {secret.note}{bare[line_end:]}"
        has_note = any(note in bare[end:line_end] for note in (NOTE, NOTE_IN_ADDRESS))
        for candidate in (bare if has_note else noted, bare):
            if _parsed(candidate) == blank_values:
                return candidate
    return None


def _string(literal: str) -> object:
    try:
        return tomllib.loads(f"x = {for_parser(literal)}")["x"]
    except ValueError:
        return None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _parsed(text: str) -> object:
    try:
        return tomllib.loads(for_parser(text))
    except ValueError:
        return None
