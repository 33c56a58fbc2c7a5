"""Installs an update beside the release in use: checks, unpacking, a virtual environment, the self-test."""

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
"""Bytes that must stay free for what the device counts meanwhile."""
COMPILED = 1.4
"""Size of an installed wheel with its compiled Python files, in relation to the size of its content."""
VENV = 15_000_000
"""Size of an empty environment in bytes."""
PATIENCE_S = 1800.0
"""Time limit of each step of an installation; some cards are slow."""

ReportStep = Callable[[str], None]
"""Called with the name of each step before the step begins."""


@dataclass(frozen=True)
class Candidate:
    """A release that was installed and passed its self-test."""

    name: str
    version: str
    schema: int
    """The newest version of the database's schema that the release knows."""
    database: Path
    """Path of the database in the device's configuration."""


def check(bundle: UpdateArchive, releases: Releases, *, allow_downgrade: bool) -> UpdateTarget:
    """Check whether the update can be installed here; returns the part of it that is for this device.

    Raises:
        BadInput: the update is not newer, is for another kind of device, or there is too little space.
    """
    present = releases.version(releases.current)
    try:
        offered = Version(bundle.manifest.version)
    except InvalidVersion as error:
        raise BadInput(f"{bundle.path}: its version {bundle.manifest.version!r} is not valid") from error
    if offered <= present and not allow_downgrade:
        kind = "the version that is" if offered == present else "older than what is"
        raise BadInput(
            f"{bundle.path}: maitred {offered} is {kind} installed ({present}); to install it all the same, give"
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
    """Install the update as a release, and run its self-test. The release in use is not touched.

    Raises:
        BadInput: the files are not what was signed.
        MaitredError: the update cannot be installed, or does not work here. What was installed of it is removed.
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
    """Run ``--version`` and the self-test of a release, as the agent's user.

    Raises:
        MaitredError: one of them fails, or the version is not the announced one.
    """
    program = str(releases.root / name / "bin" / "maitred")
    printed = _run([program, "--version"], "does not start here", as_agent=True).split()
    if not printed or printed[-1] != version:
        name = " ".join(printed) or "nothing"
        raise MaitredError(f"the new release calls itself {name}, not {version}: get the update again")
    answer = _run(
        [program, "update", "--self-test", "--config", str(config)], "does not work on this device", as_agent=True
    )
    try:
        facts = json.loads(answer)
        candidate = Candidate(name, version, int(facts["schema"]), Path(facts["database"]))
    except (ValueError, KeyError, TypeError) as error:
        raise MaitredError(
            f"the new release's self-test gave no valid answer ({answer[:200]!r}): get the update again"
        ) from error
    _make_room_for_copy(candidate)
    return candidate


def _environment(bundle: UpdateArchive, target: UpdateTarget, releases: Releases, release: Path, part: Path) -> None:
    present = (releases.root / releases.current / "pyvenv.cfg").read_text(encoding="utf-8").lower()
    site = ["--system-site-packages"] if "include-system-site-packages = true" in present else []
    # The interpreter from which this process's own environment was made.
    python = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    _run([str(python), "-m", "venv", *site, str(release)], "cannot be given an environment")
    lines = [f"{part / name} --hash=sha256:{bundle.manifest.files[name].sha256}\n" for name in target.wheels]
    requirements = part / "requirements.txt"
    requirements.write_text("".join(lines), encoding="utf-8")
    # The list is complete: pip must not look for other packages, and not use the system's in place of these.
    pip = ["-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "install", "--quiet", "--no-index"]
    options = ["--no-deps", "--require-hashes", "--ignore-installed", "--only-binary=:all:", "--requirement"]
    _run([str(release / "bin" / "python"), *pip, *options, str(requirements)], "cannot be installed")


def _run(command: list[str], trouble: str, *, as_agent: bool = False) -> str:
    """The standard output of a command. If it fails, the error quotes its standard error."""
    user = USER if as_agent and os.geteuid() == 0 and _exists(USER) else None
    # The umask makes the installed files readable for the agent's user, whatever the caller's umask is. The environment
    # is the device's own, not the caller's.
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
    """Check that there is space for a copy of the database, which the new agent makes before it changes the schema."""
    path = candidate.database
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            schema = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error:
        return  # the database is damaged or in use, and the agent handles that
    if schema < candidate.schema:
        _make_room(path.parent, path.stat().st_size, "a copy of the database")
