"""``camera.py FOLDER``: whether the maitred.toml in FOLDER names a camera that this card can have; run by build.sh.

Debian's kernel drives no camera on the ribbon cable, and that one is the default: who leaves it gets a device that
waits for ever, and learns of it at the door.
"""

from __future__ import annotations

import sys
from pathlib import Path

from edge.provision.check import check
from edge.provision.document import find
from edge.provision.secrets import Vault

WAY_OUT = 'write "v4l2:/dev/video0" for a USB camera, or "rtsp://…" for one in the network; see docs/flash.md'


def main(folder: Path) -> int:
    """1 if it does not; of a file with mistakes nothing is told here."""
    document = find(folder)
    checked = check(document.text, Vault(folder / "nowhere")) if document else None
    if checked and not checked.problems and checked.settings.camera.source.startswith("picamera2:"):
        sys.stderr.write(f"maitred: [camera] source: this card drives no camera on the ribbon cable; {WAY_OUT}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
