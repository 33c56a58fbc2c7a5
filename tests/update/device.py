"""A small device for tests: real archives, keys, environments and links; an agent of a few lines; systemctl's part of a
supervisor that starts it again and again, with the real script before each start.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

from nacl.signing import SigningKey

from edge.update.keys import sign
from edge.update.manifest import Manifest, ReleaseFile, UpdateTarget
from firmware_config.release import write_bundle

SETTLE = Path(__file__).resolve().parents[2] / "firmware_config" / "update" / "settle"
MACHINE = sysconfig.get_platform().removeprefix("linux-").replace("-", "_")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

AGENT = """
import json, sqlite3, sys, time, tomllib
from pathlib import Path
import standin_helper

VERSION, KIND = {version!r}, {kind!r}

def database(config):
    return tomllib.loads(Path(config).read_text())["store"]["path"]

def beat(path):
    started = time.time()
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, at REAL, value TEXT)")
        while True:
            blind = KIND == "blind"
            health = dict(at=time.time(), started_at=started, camera="failed" if blind else "running",
                camera_source="x", camera_error="no such device" if blind else None, frames=9, dropped=0,
                fps=0.0 if blind else 9.5, latency_ms=1.0, temperature_c=None, memory_mb=1.0, model="m", uplink="off",
                version=VERSION, release=Path(sys.prefix).name)
            connection.execute(
                "INSERT OR REPLACE INTO facts VALUES ('health', ?, ?)", (time.time(), json.dumps(health)))
            time.sleep(0.05)

def main():
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print("maitred", VERSION)
    elif arguments[:2] == ["update", "--self-test"]:
        if KIND == "broken":
            sys.exit("maitred: the model mobile gives other outputs here")
        print(json.dumps({{"version": VERSION, "schema": 5, "database": database(arguments[-1])}}))
    elif KIND == "crash":
        sys.exit("the agent fell over")
    elif KIND == "mute":
        time.sleep(3600)
    else:
        beat(database(arguments[-1]))
"""

SYSTEMCTL = """#!{python}
import os, signal, subprocess, sys, time
from pathlib import Path

folder, root, settle, config = map(Path, {places!r})
words = [word for word in sys.argv[1:] if not word.startswith("-")]
pid = folder / "supervisor.pid"

def alive():
    try:
        os.kill(int(pid.read_text()), 0)
        return True
    except (OSError, ValueError):
        return False

def stop():
    if alive():
        os.killpg(int(pid.read_text()), signal.SIGKILL)

def supervise():
    environment = dict(os.environ, MAITRED_RELEASES=str(root), MAITRED_UNITS=str(folder / "units"))
    with open(folder / "journal", "a") as journal:
        while True:
            subprocess.run([settle, "start"], env=environment, stderr=journal)
            subprocess.run([root / "current/bin/maitred", "run", "--config", config], stderr=journal)
            time.sleep(0.05)

if words[0] == "is-active":
    print("active" if alive() else "inactive")
elif words[0] == "restart":
    stop()
    # A session of its own: it outlives who asked for it, as a unit does.
    if os.fork() == 0:
        os.setsid()
        pid.write_text(str(os.getpid()))
        for number in range(3):
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
        supervise()
    while not alive():
        time.sleep(0.01)
elif words[0] == "stop":
    stop()
"""


def wheel(folder: Path, name: str, version: str, modules: dict[str, str], entry: str = "") -> Path:
    """A wheel as the standard describes it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    contents = modules | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if entry:
        contents[f"{info}/entry_points.txt"] = f"[console_scripts]\n{entry}\n"
    contents[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*contents, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def make_bundle(
    out: Path,
    key: SigningKey,
    version: str,
    kind: str = "good",
    *,
    machine: str = MACHINE,
    python: str = PYTHON,
    changes: dict[str, object] | None = None,
) -> Path:
    """A signed update with an agent of ``kind``; ``changes`` are made to the manifest before it is signed."""
    wheels = [
        wheel(out.parent / out.name.replace(".", "-"), "maitred", version,
              {"standin.py": AGENT.format(version=version, kind=kind)}, "maitred = standin:main"),
        wheel(out.parent / out.name.replace(".", "-"), "standin_helper", "1.0", {"standin_helper.py": ""}),
    ]  # fmt: skip
    unit = wheels[0].with_name("maitred.service")
    unit.write_text(f"# the unit of {version}\n", encoding="utf-8")
    files = {f"wheels/{path.name}": path for path in wheels} | {f"units/{unit.name}": unit}
    manifest = Manifest(
        schema=1, name="maitred", version=version, made_at="2027-01-01T00:00:00+00:00",
        targets=[
            UpdateTarget(machine=machine, python=python, wheels=[f"wheels/{w.name}" for w in wheels], installed=9999)
        ],
        files={
            name: ReleaseFile(sha256=hashlib.sha256(path.read_bytes()).hexdigest(), size=path.stat().st_size)
            for name, path in files.items()
        },
    )  # fmt: skip
    content = manifest.encode()
    for old, new in (changes or {}).items():
        assert old.encode() in content
        content = content.replace(old.encode(), str(new).encode())
    write_bundle(out, content, sign(key, content), files)
    return out


class Device:
    """A folder of releases with one of version 1.0 in use, called factory."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "maitred.d"
        self.config, self.database = folder / "maitred.toml", folder / "state" / "maitred.db"
        self.keys, self.boot = folder / "update.pub", folder / "boot"
        self.bin = folder / "bin"
        for path in (self.root, self.database.parent, self.bin, self.boot):
            path.mkdir(parents=True)
        self.config.write_text(f'[store]\npath = "{self.database}"\n', encoding="utf-8")
        systemctl = self.bin / "systemctl"
        places = [str(path) for path in (folder, self.root, SETTLE, self.config)]
        systemctl.write_text(SYSTEMCTL.format(python=sys.executable, places=places), encoding="utf-8")
        journalctl = self.bin / "journalctl"
        journalctl.write_text(f"#!/bin/sh\ncat {folder}/journal\n", encoding="utf-8")
        sync = self.bin / "sync"  # see conftest.no_waiting_for_the_card
        sync.write_text("#!/bin/sh\n", encoding="utf-8")
        for path in (systemctl, journalctl, sync):
            path.chmod(0o755)

    def reset(self) -> None:
        """Nothing but the first release, in use; no database, an empty boot partition."""
        for folder in (self.root, self.boot, self.database.parent, self.folder / "units"):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        (self.folder / "journal").unlink(missing_ok=True)
        self.bring("factory")
        (self.root / "current").symlink_to("factory")

    def bring(self, name: str) -> None:
        """A release that was installed before, as it was."""
        if not (self.root / name).exists():
            # Thousands of files, most of pip: linked, not copied. Who changes one puts another in its place.
            shutil.copytree(self.folder / name, self.root / name, symlinks=True, copy_function=os.link)

    def turns(self, name: str, kind: str) -> None:
        """From now on the agent of a release is of another kind."""
        (module,) = (self.root / name).glob("lib/python3*/site-packages/standin.py")
        content = re.sub("'(good|crash|blind|mute|broken)'", repr(kind), module.read_text(), count=1)
        module.unlink()
        module.write_text(content)

    @property
    def current(self) -> str:
        return (self.root / "current").readlink().name

    def settle(self, what: str) -> str:
        """Run the real script; returns what it says."""
        environment = dict(os.environ) | {
            "MAITRED_RELEASES": str(self.root),
            "MAITRED_UNITS": str(self.folder / "units"),
        }
        done = subprocess.run([SETTLE, what], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def start(self) -> None:
        """Start the agent."""
        subprocess.run([self.bin / "systemctl", "restart", "maitred.service"], check=True)

    def stop(self) -> None:
        """Stop the agent and who would start it again."""
        pid = self.folder / "supervisor.pid"
        if pid.exists():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(int(pid.read_text()), signal.SIGKILL)
            pid.unlink()

    def works(self) -> str:
        """Run the release in use; returns the version it tells."""
        program = self.root / "current" / "bin" / "maitred"
        return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
