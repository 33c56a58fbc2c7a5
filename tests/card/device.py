"""A device in the emulator: a card of its own, its console in a file, a shell by ssh, and a plug to pull."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.waiting import free_port

EMULATE = Path(__file__).resolve().parents[2] / "firmware_config" / "emulate.sh"
BOOT_S = 900.0
"""Longest wait for a boot: emulation on a busy machine is slow, and a test that gives up early tells nothing."""
PASSWORD = "emulated-password"
HERE = "10.0.2.2"
"""This machine, as the device sees it."""
LOOK = """
import json, sqlite3
c = sqlite3.connect("/var/lib/maitred/maitred.db", timeout=60)
print(json.dumps({
    "check": c.execute("PRAGMA integrity_check").fetchone()[0],
    "windows": c.execute("SELECT start, counts FROM windows").fetchall(),
    "outbox": c.execute("SELECT count(*) FROM outbox").fetchone()[0],
    "visits": c.execute("SELECT count(*) FROM visits").fetchone()[0],
}))
"""


@dataclass
class Device:
    """A card made from ``image`` in ``folder``, and the machine it is in.

    ``settings`` is what is in maitred.toml on the FAT partition before the first boot; ``key`` is the private ssh
    key.
    """

    image: Path
    folder: Path
    settings: str
    key: Path
    machine: str = "virt"
    size: str = "4G"
    http_port: int = field(default_factory=free_port)
    ssh_port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.card = self.folder / "card.img"
        self.console = self.folder / "console.log"
        subprocess.run(["cp", "--sparse=always", str(self.image), str(self.card)], check=True)
        subprocess.run(["truncate", "--size", self.size, str(self.card)], check=True)
        self.put("maitred.toml", self.settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pull_the_plug()
        self.card.unlink(missing_ok=True)

    @property
    def _fat(self) -> list[str]:
        return ["-i", f"{self.card}@@4M"]

    def put(self, name: str, content: str | Path) -> None:
        """Write a file to the FAT partition, as another computer would; the device is off."""
        file = content if isinstance(content, Path) else self.folder / "put"
        if not isinstance(content, Path):
            file.write_text(content, encoding="utf-8")
        subprocess.run(["mcopy", "-o", *self._fat, str(file), f"::{name}"], check=True)

    def get(self, name: str) -> str | None:
        """Read a file of the FAT partition; None if it is not there."""
        done = subprocess.run(["mtype", *self._fat, f"::{name}"], capture_output=True, check=False)
        return done.stdout.decode("utf-8-sig") if done.returncode == 0 else None

    def start(self) -> Self:
        """Power on."""
        words = [str(EMULATE), str(self.image), "--machine", self.machine, "--disk", str(self.card)]
        words += ["--http", str(self.http_port), "--ssh", str(self.ssh_port), "--log", str(self.console)]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, process_group=0)
        return self

    def pull_the_plug(self) -> None:
        """Off, with nothing written that was not written."""
        if self._process is not None:
            # The emulator itself, with SIGKILL; the script that started it then cleans up after itself.
            subprocess.run(["pkill", "-KILL", "-f", f"qemu-system-aarch64 .*{self.card}"], check=False)
            self._process.wait(60)
            self._process = None

    def wait_off(self) -> None:
        """Until it has switched itself off."""
        assert self._process is not None
        self._process.wait(BOOT_S)
        self._process = None

    @property
    def on(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait(self, what: str, condition: Any, limit_s: float = BOOT_S) -> Any:
        """Until ``condition()`` gives something true, which is returned."""
        end_s = time.monotonic() + limit_s
        while time.monotonic() < end_s:
            assert self.on, f"the emulator ended while waiting for {what}: {self.last_words()}"
            if found := condition():
                return found
            time.sleep(2)
        raise AssertionError(f"no {what} in {limit_s:.0f} s: {self.last_words()}")

    def last_words(self) -> str:
        """The end of the console."""
        text = self.console.read_text(errors="replace") if self.console.exists() else ""
        return text[-3000:]

    def healthz(self) -> dict[str, Any] | None:
        """What /healthz answers with, or None while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/healthz", timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)
        except (OSError, ValueError):
            return None

    def wait_healthy(self) -> dict[str, Any]:
        """Until the agent counts and the dashboard says so."""
        return self.wait("healthy agent", lambda: (h := self.healthz()) and h.get("status") == "ok" and h)

    @property
    def _ssh(self) -> list[str]:
        words = ["ssh", "-q", "-i", str(self.key), "-p", str(self.ssh_port), "-o", "StrictHostKeyChecking=no"]
        words += ["-o", f"UserKnownHostsFile={self.folder / 'known_hosts'}", "-o", "ConnectTimeout=60"]
        return [*words, "maitred-admin@127.0.0.1"]

    def ssh(self, command: str, timeout_s: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a command as root, through ssh and sudo."""
        return subprocess.run(
            [*self._ssh, "sudo sh"], input=command, capture_output=True, text=True, timeout=timeout_s, check=False
        )

    def wait_ssh(self) -> None:
        """Until somebody with the key gets in."""
        self.wait("ssh", lambda: self.ssh("true", 120).returncode == 0)

    def run(self, command: str, timeout_s: float = 600) -> str:
        """The same, and it has to succeed."""
        done = self.ssh(command, timeout_s)
        assert done.returncode == 0, f"{command}: {done.returncode} {done.stderr[-2000:]}"
        return done.stdout

    def database(self) -> dict[str, Any]:
        """Whether it is sound, its closed windows, and how many events wait and visits are in it."""
        return json.loads(self.run(f"/opt/maitred/bin/python - <<'END'\n{LOOK}\nEND"))

    def send(self, file: Path, to: str) -> None:
        """Copy a file to the device, through ssh."""
        with file.open("rb") as source:
            subprocess.run([*self._ssh, f"sudo tee {to} > /dev/null"], stdin=source, check=True, timeout=1800)

    def show(self, clip: Path) -> None:
        """Put a recording before the camera, and keep it there: as an owner changes ``maitred.toml``."""
        self.wait_ssh()
        self.send(clip, f"/data/{clip.name}")
        edit = f"sed -i 's|^source = .*|source = \"/data/{clip.name}\"|' /boot/firmware/maitred.toml"
        self.run(f"mount -o remount,rw /boot/firmware && {edit}; mount -o remount,ro /boot/firmware; sync")
        self.run("systemctl restart maitred-provision maitred maitred-dashboard")

    def power_off(self) -> None:
        """As an owner does."""
        self.ssh("systemctl poweroff")
        self.wait_off()


def missing_tools() -> list[str]:
    """What an emulated device needs and this machine has not."""
    return [
        tool for tool in ("qemu-system-aarch64", "mcopy", "mtype", "ssh", "ssh-keygen") if shutil.which(tool) is None
    ]
