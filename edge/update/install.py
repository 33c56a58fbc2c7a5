"""Installing a bundle beside the release in use: checks, unpacking, a virtual environment, its self-test."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from edge.errors import BadInput, MaitredError
from edge.update.archive import UpdateArchive
from edge.update.manifest import MANIFEST, UpdateTarget
from edge.update.releases import Releases

USER = "maitred"
MARGIN = 64_000_000
"""Bytes that are left free for what the device counts meanwhile."""
COMPILED = 1.4
"""An installed wheel's size, with what Python compiles, in relation to its content's."""
VENV = 15_000_000
"""Bytes of an empty environment."""
PATIENCE_S = 1800.0
"""For each step of an installation on a slow card."""

ReportStep = Callable[[str], None]
"""Called with each step's name before it begins."""


@dataclass(frozen=True)
class Candidate:
    """A release that was installed and passed its self-test."""

    name: str
    version: str
    schema: int
    """The newest version of the database's schema that it knows."""
    database: Path
    """By the device's configuration."""


def check(bundle: UpdateArchive, releases: Releases, *, allow_downgrade: bool) -> UpdateTarget:
    """Whether the bundle can be installed here; returns the part of it that is for this device.

    Raises:
        BadInput: it is not newer, for another kind of device, or there is no room.
    """
    present = releases.version(releases.current)
    try:
        offered = Version(bundle.manifest.version)
    except InvalidVersion as error:
        raise BadInput(f"{bundle.path}: its version {bundle.manifest.version!r} is none") from error
    if offered <= present and not allow_downgrade:
        kind = "the version that is" if offered == present else "older than what is"
        raise BadInput(
            f"{bundle.path}: maitred {offered} is {kind} installed ({present}); nothing is to be done, or give"
            " --allow-downgrade"
        )
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        target = bundle.manifest.target(sysconfig.get_platform().removeprefix("linux-").replace("-", "_"), python)
    except BadInput as error:
        raise BadInput(f"{bundle.path}: {error}") from error
    packed = sum(bundle.manifest.files[name].size for name in target.wheels)
    _make_room(releases.root, packed + int(COMPILED * target.installed) + VENV, "the new release")
    return target


def install(
    bundle: UpdateArchive, target: UpdateTarget, releases: Releases, config: Path, report_step: ReportStep
) -> Candidate:
    """Make a release of the bundle, and run its self-test. The release in use is not touched.

    Raises:
        BadInput: the files are not what was signed.
        MaitredError: it cannot be installed, or does not work here. What there was of it is removed.
    """
    name = releases.free_name(bundle.manifest.version)
    release, part = releases.root / name, releases.root / f"{name}.part"
    try:
        report_step("unpack")
        part.mkdir()
        bundle.unpack({*target.wheels, *bundle.manifest.units}, part)
        report_step("install")
        _environment(bundle, target, releases, release, part)
        (release / MANIFEST).write_bytes(bundle.manifest.encode())
        if (part / "units").is_dir():
            shutil.copytree(part / "units", release / "units")
        shutil.rmtree(part)
        report_step("test")
        candidate = test(releases, name, config, bundle.manifest.version)
        report_step("finish")
        releases.mark_ready(name)
    except OSError as error:
        releases.discard(name)
        raise MaitredError(
            f"{release}: cannot be written ({error.strerror or error}); the release in use goes on"
        ) from error
    except BaseException:
        releases.discard(name)
        raise
    return candidate


def test(releases: Releases, name: str, config: Path, version: str) -> Candidate:
    """Have a release say its version and run its self-test, as the agent's user.

    Raises:
        MaitredError: it fails, or is of another version than announced.
    """
    program = str(releases.root / name / "bin" / "maitred")
    printed = _run([program, "--version"], "does not start here", as_agent=True).split()
    if not printed or printed[-1] != version:
        raise MaitredError(f"the new release calls itself {' '.join(printed) or 'nothing'}, not {version}: get it anew")
    found = _run(
        [program, "update", "--self-test", "--config", str(config)], "does not work on this device", as_agent=True
    )
    try:
        facts = json.loads(found)
        candidate = Candidate(name, version, int(facts["schema"]), Path(facts["database"]))
    except (ValueError, KeyError, TypeError) as error:
        raise MaitredError(f"the new release's self-test gave no answer ({found[:200]!r}): get it anew") from error
    _make_room_for_copy(candidate)
    return candidate


def _environment(bundle: UpdateArchive, target: UpdateTarget, releases: Releases, release: Path, part: Path) -> None:
    present = (releases.root / releases.current / "pyvenv.cfg").read_text(encoding="utf-8").lower()
    site = ["--system-site-packages"] if "include-system-site-packages = true" in present else []
    # The interpreter below the environment that this process runs in.
    python = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    _run([str(python), "-m", "venv", *site, str(release)], "cannot be given an environment")
    lines = [f"{part / name} --hash=sha256:{bundle.manifest.files[name].sha256}\n" for name in target.wheels]
    wanted = part / "requirements.txt"
    wanted.write_text("".join(lines), encoding="utf-8")
    # The list is complete: nothing is looked for, and what the system has of it is not taken for it.
    pip = ["-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "install", "--quiet", "--no-index"]
    options = ["--no-deps", "--require-hashes", "--ignore-installed", "--only-binary=:all:", "--requirement"]
    _run([str(release / "bin" / "python"), *pip, *options, str(wanted)], "cannot be installed")


def _run(command: list[str], trouble: str, *, as_agent: bool = False) -> str:
    """The standard output of a command; an error of its own says what was on standard error."""
    user = USER if as_agent and os.geteuid() == 0 and _exists(USER) else None
    # What is installed must be readable for the agent's user, whatever the caller's mask; and it gets the device's own
    # environment, not the caller's.
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "PYTHONNOUSERSITE": "1"}
    if as_agent:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    try:
        done = subprocess.run(  # noqa: S603 (our own commands)
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, check=False, cwd="/",
            umask=0o022, user=user, group=user, extra_groups=[] if user else None, env=environment,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MaitredError(f"the new release {trouble} ({error}); the one in use goes on") from error
    if done.returncode != 0:
        words = "; ".join(done.stderr.strip().splitlines()[-3:]) or f"exit code {done.returncode}"
        raise MaitredError(f"the new release {trouble}: {words}; the one in use goes on")
    return done.stdout.strip()


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _make_room(folder: Path, needed: int, what: str) -> None:
    state = os.statvfs(folder)
    free = state.f_bavail * state.f_frsize
    if free < needed + MARGIN:
        raise BadInput(
            f"{folder}: too little space for {what}: {free / 1e6:,.0f} MB are free, {(needed + MARGIN) / 1e6:,.0f} MB"
            " are needed; delete what is not needed there, or use a larger card"
        )


def _make_room_for_copy(candidate: Candidate) -> None:
    """The new agent copies the database before it changes its schema."""
    path = candidate.database
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error:
        return  # damaged or in use: the agent sees to that
    if found < candidate.schema:
        _make_room(path.parent, path.stat().st_size, "a copy of the database")
