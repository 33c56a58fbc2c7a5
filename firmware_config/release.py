"""Makes updates: a pair of keys once, and a signed update for each release. Run it from a copy of the repository.

    python3 firmware_config/release.py keys --out maitred-update
    python3 firmware_config/release.py bundle --key maitred-update.key

It needs maitred's own packages (``pip install .``) and pip. docs/updating.md describes the result.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # it is run as a file

from packaging.version import Version  # noqa: E402

from edge.errors import BadInput, MaitredError  # noqa: E402
from edge.system.atomic_files import replacement_of  # noqa: E402
from edge.update.keys import make_keys, read_signing_key, sign  # noqa: E402
from edge.update.manifest import MANIFEST, SIGNATURE, Manifest, ReleaseFile, UpdateTarget  # noqa: E402

PYTHONS = ("3.11", "3.13")
"""Python's versions in Debian and Raspberry Pi OS: Bookworm, Trixie."""
MACHINES = ("aarch64",)
GLIBC = {"3.11": 36, "3.13": 41}
"""Minor version of the C library that comes with each Python. Wheels for a newer one can't be loaded there."""
OLDEST_GLIBC = 17
SOURCES = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "NOTICE", "edge")
UNITS = ("maitred.service", "maitred-dashboard.service")
"""Units that update/settle installs. The other units belong to the system, and work for every release."""
BUILD_ONLY = ("setuptools",)
"""Packages that are in the lock because they build the project; no device needs them."""


def main() -> int:
    """Run a subcommand; returns its exit code, which means the same as those of maitred."""
    options = _parser().parse_args()
    try:
        return int(options.function(options))
    except MaitredError as error:
        sys.stderr.write(f"release.py: {error}\n")
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="release.py", description="Make updates for devices.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    pair = commands.add_parser("keys", help="make a pair of keys: NAME.key is secret, NAME.pub is for devices")
    pair.add_argument("--out", type=Path, required=True, metavar="NAME")
    pair.set_defaults(function=keys)
    bundle = commands.add_parser("bundle", help="make a signed update of this copy of the repository")
    bundle.add_argument("--key", type=Path, required=True, metavar="FILE", help="the secret key")
    bundle.add_argument("--out", type=Path, metavar="FILE", help="the update (maitred-VERSION.maitred)")
    bundle.add_argument(
        "--python", action="append", choices=PYTHONS, help=f"Python of the devices ({', '.join(PYTHONS)})"
    )
    bundle.add_argument(
        "--machine", action="append", metavar="M", help=f"processor of the devices ({', '.join(MACHINES)})"
    )
    bundle.add_argument(
        "--wheels", type=Path, metavar="DIR", help="take the locked wheels from this folder, not from an index"
    )
    bundle.add_argument("--lock", type=Path, default=ROOT / "requirements.lock", metavar="FILE", help="another lock")
    bundle.set_defaults(function=make_bundle)
    return parser


def keys(options: argparse.Namespace) -> int:
    """Write NAME.key, which only its owner can read, and NAME.pub."""
    comment = f"{options.out.name}-{datetime.now(UTC):%Y-%m-%d}"
    secret, public = make_keys(comment)
    halves = [
        (options.out.with_name(f"{options.out.name}.{ending}"), line, mode)
        for ending, line, mode in (("key", secret, 0o600), ("pub", public, 0o644))
    ]
    for path, _, _ in halves:  # check both before one is written, so that no half is there without the other
        if path.exists():
            raise BadInput(f"{path}: exists; a key that may have signed releases is not replaced: give another --out")
    for path, line, mode in halves:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except OSError as error:
            raise BadInput(f"{path}: cannot be written ({error.strerror})") from error
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 (of a descriptor)
            file.write(line)
    sys.stdout.write(f"{options.out}.key: keep this secret, and keep a copy in a safe place\n")
    sys.stdout.write(f"{options.out}.pub: this is for devices (--update-key of build.sh and install.sh)\n")
    return 0


def make_bundle(options: argparse.Namespace) -> int:
    """Build maitred's wheel, collect the locked wheels for each kind of device, and write a signed update."""
    key = read_signing_key(options.key)
    with tempfile.TemporaryDirectory(prefix="maitred-release-") as temporary:
        folder = Path(temporary)
        own = _build(folder / "own")
        version = own.name.split("-")[1]
        files, targets = {f"wheels/{own.name}": own}, []
        for machine in options.machine or MACHINES:
            for python in options.python or PYTHONS:
                wheels = _gather(options, machine, python, folder / f"{machine}-{python}")
                files |= {f"wheels/{wheel.name}": wheel for wheel in wheels}
                targets.append(_target(machine, python, [own, *wheels]))
        files |= {f"units/{name}": ROOT / "systemd" / name for name in UNITS}
        manifest = Manifest(
            schema=1, name="maitred", version=str(Version(version)), made_at=_moment().isoformat(timespec="seconds"),
            targets=targets, files={name: _file(path) for name, path in files.items()},
        )  # fmt: skip
        content = manifest.encode()
        out = options.out or Path(f"maitred-{version}.maitred")
        write_bundle(out, content, sign(key, content), files)
    sys.stdout.write(
        f"{out}: maitred {version} for {'; '.join(map(str, targets))}, {out.stat().st_size / 1e6:.0f} MB\n"
    )
    return 0


def write_bundle(out: Path, manifest: bytes, signature: bytes, files: dict[str, Path]) -> None:
    """Write a plain tar: the manifest, its signature, and the files in the manifest's order.

    Each file's name in the tar is its SHA-256, because names of wheels are too long for a plain tar. The same inputs
    give the same bytes.

    Raises:
        BadInput: the file cannot be written.
    """
    moment = int(_moment().timestamp())

    def entry(name: str, size: int) -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, moment, 0o644
        return info

    try:
        with replacement_of(out) as new, tarfile.open(new, "w", format=tarfile.USTAR_FORMAT) as archive:
            for name, content in ((MANIFEST, manifest), (SIGNATURE, signature)):
                archive.addfile(entry(name, len(content)), io.BytesIO(content))
            for path in files.values():
                with path.open("rb") as file:
                    archive.addfile(entry(_file(path).sha256, path.stat().st_size), file)
    except OSError as error:
        raise BadInput(f"{out}: cannot be written ({error.strerror})") from error


def _build(folder: Path) -> Path:
    # Build a copy, because setuptools would put files that an earlier build left behind into the wheel, too.
    source = folder / "source"
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            source.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    environment = {"SOURCE_DATE_EPOCH": str(int(_moment().timestamp())), "MAITRED_FOR": "device"}
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(source), environment=environment)
    (wheel,) = folder.glob("maitred-*.whl")
    return wheel


def _gather(options: argparse.Namespace, machine: str, python: str, folder: Path) -> list[Path]:
    folder.mkdir()
    lock = folder / "requirements.lock"
    text = options.lock.read_text(encoding="utf-8")
    for name in BUILD_ONLY:
        text = re.sub(rf"^{name}==.*\n(?:    --hash=.*\n)+", "", text, flags=re.MULTILINE)
    lock.write_text(text, encoding="utf-8")
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC[python], OLDEST_GLIBC - 1, -1)]
    platforms.append(f"manylinux2014_{machine}")
    source = ["--no-index", "--find-links", str(options.wheels.absolute())] if options.wheels else []
    _pip(
        "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--python-version", python,
        "--implementation", "cp", *(word for name in platforms for word in ("--platform", name)), *source,
        "--dest", str(folder), "--requirement", str(lock),
    )  # fmt: skip
    return sorted(folder.glob("*.whl"))


def _target(machine: str, python: str, wheels: list[Path]) -> UpdateTarget:
    installed = 0
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as content:
            installed += sum(part.file_size for part in content.infolist())
    names = [f"wheels/{wheel.name}" for wheel in wheels]
    return UpdateTarget(machine=machine, python=python, wheels=names, installed=installed)


def _file(path: Path) -> ReleaseFile:
    with path.open("rb") as file:
        return ReleaseFile(sha256=hashlib.file_digest(file, "sha256").hexdigest(), size=path.stat().st_size)


def _moment() -> datetime:
    """The time of the release. It is SOURCE_DATE_EPOCH if that is set, so that the same copy gives the same bytes."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else STARTED


STARTED = datetime.now(UTC).replace(microsecond=0)


def _pip(*arguments: str, environment: dict[str, str] | None = None) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(  # noqa: S603 (our own command)
        command, capture_output=True, text=True, check=False, env=os.environ | (environment or {})
    )
    if done.returncode != 0:
        words = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise MaitredError(f"pip {arguments[0]} failed:\n{words}")


if __name__ == "__main__":
    sys.exit(main())
