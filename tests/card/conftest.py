"""An image in the emulator. Long: only where MAITRED_CARD names an image (.ci/card does)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.card.device import PASSWORD, missing_tools

SETTINGS = """\
[site]
name = "emulated"
device = "front-door"
timezone = "Europe/Paris"
# No time server is reached from here.
trust_clock = true

[camera]
source = "{clip}"
loop = true

[detection]
# One run of the detector a frame: an emulated processor is many times slower than a real one.
min_face_px = 28
tiles_per_frame = 1

[store]
write_every_s = 1

[dashboard]
password = "{password}"

[ssh]
authorized_key = "{key}"
"""


@pytest.fixture(scope="session")
def image() -> Path:
    named = os.environ.get("MAITRED_CARD")
    if not named:
        pytest.skip("needs an image: .ci/card builds one and names it in MAITRED_CARD")
    path = Path(named).resolve()
    if not path.is_file():
        pytest.fail(f"MAITRED_CARD={named}: no such file ({path}); name an image of build.sh, or none", pytrace=False)
    if missing := missing_tools():
        pytest.skip(f"needs {', '.join(missing)} (Debian: apt-get install qemu-system-arm mtools openssh-client)")
    return path


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@pytest.fixture(scope="session")
def settings(image: Path, key: Path) -> str:
    """What an owner writes; the clip that comes with the agent is in the camera's place."""
    clip = "/opt/maitred/lib/python3.13/site-packages/edge/demo/demo.mp4"  # as in Debian trixie
    return SETTINGS.format(clip=clip, password=PASSWORD, key=Path(f"{key}.pub").read_text().strip())
