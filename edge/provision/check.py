"""Checks the text of the file: the result is settings that are known to work, or all mistakes in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from edge.cameras.registry import kind_by_scheme, kinds
from edge.config import Settings
from edge.config.faults import short, unknown
from edge.dashboard.security import is_loopback
from edge.errors import BadInput
from edge.provision.document import for_parser, template
from edge.provision.problem import Problem
from edge.provision.secrets import DASHBOARD, SECRETS, Secret, SecretLost, Vault, blank
from edge.provision.settings import DeviceSettings
from edge.provision.syntax import key_lines, parse
from edge.system.redaction import PASSWORD, flaw

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MOST = 50
NOT_THE_AGENTS = ("device", "wifi", "ssh")
FILES = {
    "dashboard.password": ("dashboard", "password_file", "/etc/maitred/dashboard.password"),
    "uplink.secret": ("uplink", "secret_file", "/etc/maitred/uplink.secret"),
    "mqtt.password": ("mqtt", "password_file", "/etc/maitred/mqtt.password"),
}
"""Section, key and path from which the agent or the dashboard reads a secret, by the secret's name."""
RECORDING = re.compile(r"/(?!dev/).+")
"""The absolute path of a video file or a folder. On a device a relative path would lead nowhere."""
EXAMPLE = "is still the one of the example, which everybody knows: write your own, or put # in front of the line"
PLAIN = {
    "missing": "is needed and missing",
    "int_type": "must be a whole number, without quotes",
    "int_parsing": "must be a whole number, without quotes",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number, without quotes",
    "float_parsing": "must be a number, without quotes",
    "bool_type": "must be true or false, without quotes",
    "bool_parsing": "must be true or false, without quotes",
    "string_type": 'must be text in straight quotes: "…"',
    "string_too_short": "is empty",
    "string_pattern_mismatch": "has characters that are not allowed, such as a blank or an accent, or is too long",
    "tuple_type": "must be a list in brackets: […]",
    "model_type": "is a section: write its name in brackets on a line of its own, and its keys below",
    "model_attributes_type": "is a section: write its name in brackets on a line of its own, and its keys below",
}
"""Texts for the commonest faults, because pydantic's own are for programmers."""


@dataclass(frozen=True)
class CheckedSettings:
    """The content of the file. If there are problems, nothing of it may be used."""

    problems: tuple[Problem, ...]
    settings: DeviceSettings
    agent: Mapping[str, Any]
    """The agent's own sections, as they are written into its configuration."""
    new_secrets: Mapping[str, str]
    """Secrets that are in the file, by name."""
    old_secrets: frozenset[str]
    """Names of secrets that were taken over before and are still needed."""
    lost_secrets: frozenset[str]
    """Names of those old secrets that cannot be read any more; each is one of the problems."""
    blanked: str
    """The text without its secrets."""


@cache
def examples() -> frozenset[str]:
    """The passwords, secrets and keys of the template, which everybody can read."""
    return frozenset(re.findall(r'^# (?:password|secret|authorized_key) = "(.*)"$', template(), re.MULTILINE))


def check(text: str, vault: Vault, *, applied: bool = False) -> CheckedSettings:
    """Check the file's ``text``. If it was ``applied`` before, secrets that are blank in it were taken over then."""
    plain = for_parser(text)
    values, problems = parse(plain)
    broken = bool(problems)
    lines = key_lines(plain)
    new, old, lost, full = dict[str, str](), set[str](), set[str](), values
    to_blank = list[Secret]()
    for secret in SECRETS:
        value = secret.value(values)
        if value is None:
            continue
        if value:
            new[secret.name] = value
            to_blank.append(secret)
            continue
        try:
            stored = vault.get(secret.name)
            if stored is None and applied:
                raise SecretLost("gone")
        except SecretLost as error:
            old.add(secret.name)
            lost.add(secret.name)
            problems.append(_problem(_lost(secret, error), (secret.section, secret.key), lines))
            continue
        if stored is not None:
            old.add(secret.name)
            # Of the dashboard's password only the hash is stored, to which the rules for passwords do not apply.
            full = full if secret is DASHBOARD else secret.with_value(full, stored)
        elif not broken and not secret.part:  # some cameras have an empty password
            text_ = "is empty, and none was taken over before; write it between the quotes, or delete the line"
            problems.append(_problem(text_, (secret.section, secret.key), lines))
    settings, refusals = _settings(full, lines, broken=broken)
    problems += refusals
    # Settings that an earlier release accepted are better than none, even if they are refused now.
    problems += [] if applied else [*_examples_left(to_blank, new, settings, lines), *_addresses(settings, lines)]
    agent = _agent(full, new.keys() | old)
    problems += [] if problems else _contradictions(settings, agent, new.keys() | old, lines)
    blanked = blank(text, values, to_blank) if not problems else text
    if blanked is None:
        problems.append(Problem('a password or secret is written in a way that cannot be blanked; use KEY = "…"'))
    return CheckedSettings(tuple(problems), settings, agent, new, frozenset(old), frozenset(lost), blanked or text)


def _examples_left(
    secrets: list[Secret], values: Mapping[str, str], settings: DeviceSettings, lines: Mapping[tuple[str, ...], int]
) -> list[Problem]:
    """Values of the template that were left as they are. Such a key for ssh, for example, would let in anybody."""
    places = [(secret.section, secret.key) for secret in secrets if values[secret.name] in examples()]
    if settings.ssh and examples() & set(settings.ssh.keys):
        places.append(("ssh", "authorized_key" if settings.ssh.authorized_key in examples() else "authorized_keys"))
    return [_problem(EXAMPLE, place, lines) for place in places]


def _addresses(settings: DeviceSettings, lines: Mapping[tuple[str, ...], int]) -> list[Problem]:
    """What is wrong with the addresses of the camera and the endpoint."""
    source = settings.camera.source
    flaws = {("camera", "source"): flaw(source), ("uplink", "url"): flaw(settings.uplink.url)}
    try:
        named = _names_a_camera(source)
    except BadInput as broken_plugin:
        flaws["camera", "source"] = str(broken_plugin)
    else:
        if not named:
            forms = ", ".join(f'"{kind.example}" for {kind.help}' for kind in kinds() if kind.finds is None)
            flaws["camera", "source"] = f"not a kind of camera; write {forms}"
    return [_problem(text, place, lines) for place, text in flaws.items() if text]


def _names_a_camera(source: str) -> bool:
    kind = kind_by_scheme(source)
    return bool(RECORDING.fullmatch(source)) if kind is None else kind.matches(source)


def _settings(
    values: Mapping[str, Any], lines: Mapping[tuple[str, ...], int], *, broken: bool
) -> tuple[DeviceSettings, list[Problem]]:
    """The settings and no problems, or the defaults and the reasons why the values are refused."""
    try:
        return DeviceSettings.model_validate(values), []
    except ValidationError as error:
        return DeviceSettings(), _refusals(error, lines, broken=broken)


def _lost(secret: Secret, reason: SecretLost) -> str:
    what, way_out = "", "write it between the quotes again, or delete the line"
    if secret.part:
        what = "the password in it " if secret.part is PASSWORD else "its query "
        way_out = "write it at its place in the address again"
    return f"{what}was taken over, but the device cannot read it any more ({reason}); {way_out}"


def _agent(values: Mapping[str, Any], secrets: set[str]) -> dict[str, Any]:
    agent = {
        name: dict(section) if isinstance(section, Mapping) else section
        for name, section in values.items()
        if name not in NOT_THE_AGENTS
    }
    for name, (section, file_key, path) in FILES.items():
        part = agent.get(section)
        if isinstance(part, dict):
            part.pop(name.partition(".")[2], None)
            if name in secrets:
                part[file_key] = path
    board = agent.get("dashboard")
    if DASHBOARD.name in secrets and isinstance(board, dict):
        board.setdefault("host", "0.0.0.0")  # noqa: S104 (the password protects it)
    return agent


def _contradictions(
    settings: DeviceSettings, agent: Mapping[str, Any], secrets: set[str], lines: Mapping[tuple[str, ...], int]
) -> list[Problem]:
    """What each section allows by itself, but all sections together do not."""
    problems = list[Problem]()
    if settings.uplink.url and "uplink.secret" not in secrets and settings.uplink.secret_file is None:
        problems.append(
            _problem('needs the secret of the endpoint below it: secret = "whsec_…"', ("uplink", "url"), lines)
        )
    guarded = DASHBOARD.name in secrets or settings.dashboard.password_file is not None
    if not guarded and not is_loopback(settings.dashboard.host):
        problems.append(_problem('needs a password below it: password = "…"', ("dashboard", "host"), lines))
    try:
        Settings.model_validate(agent)
    except ValidationError as error:
        # In this file the secret itself stands where the agent's configuration names a file.
        refusals = _refusals(error, lines, broken=False)
        problems += [replace(problem, text=problem.text.replace("password_file", "password")) for problem in refusals]
    return problems


def _refusals(error: ValidationError, lines: Mapping[tuple[str, ...], int], *, broken: bool) -> list[Problem]:
    """A problem for each fault. If lines are ``broken``, faults that they may have caused are left out."""
    faults = error.errors(include_input=False, include_context=False, include_url=False)
    if broken:
        faults = [fault for fault in faults if len(fault["loc"]) > 1 and fault["type"] != "missing"]
    problems = [_problem(_plain(fault), fault["loc"], lines) for fault in faults[:MOST]]
    if len(faults) > MOST:
        problems.append(Problem(f"and {len(faults) - MOST} more"))
    return problems


def _plain(fault: ErrorDetails) -> str:
    kind, location = fault["type"], fault["loc"]
    if kind == "extra_forbidden":
        return _unknown(location)
    message = PLAIN.get(kind, fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be"))
    section = DeviceSettings.model_fields.get(str(location[0]))
    about = next((part for part in _models(section) if len(location) > 1 and location[1] in part), None)
    return f"{message}. {about[location[1]]}" if about and kind != "value_error" else message


def _unknown(location: tuple[int | str, ...]) -> str:
    what, key = "key" if len(location) > 1 else "section", location[-1]
    homes = [name for name, field in DeviceSettings.model_fields.items() if any(key in part for part in _models(field))]
    if homes:
        below = " or ".join(f"[{name}]" for name in homes)
        return f"unknown {what}; it belongs below {below}: is a # left in front of that line?"
    return unknown(location, DeviceSettings).replace("unknown key", f"unknown {what}")


def _models(field: Any) -> list[dict[Any, str]]:
    """Descriptions by key of the section that ``field`` holds."""
    if field is None:
        return []
    annotation = field.annotation
    choices = getattr(annotation, "__args__", (annotation,))
    return [
        {key: about.description for key, about in choice.model_fields.items()}
        for choice in choices
        if hasattr(choice, "model_fields")
    ]


def _problem(text: str, location: tuple[int | str, ...], lines: Mapping[tuple[str, ...], int]) -> Problem:
    names = tuple(str(part) for part in location[:2])
    section, key = names[0], names[1] if len(names) > 1 else ""
    line = lines.get(names) or lines.get(names[:1], 0)
    return Problem(short_text(text), line, short(f"[{section}] {key}".strip()))


def short_text(text: str) -> str:
    """``text`` on one line."""
    return " ".join(text.split())
