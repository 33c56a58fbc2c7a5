"""``python3 -m edge.provision.early BOOT ROOT``: sets up the Wi-Fi of the file, over which the agent is then installed.

On a fresh Raspberry Pi OS only maitred's source is there. So this module needs only the standard library, and leaves
checks to ``maitred provision``, which runs later: that reports a mistake in [wifi], or the network is simply missing.
This module prints the country. If the file cannot be read, it prints the mistakes and exits with 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

from edge.provision.document import Unreadable, find, for_parser
from edge.provision.keyfile import KEYFILE, keyfile
from edge.provision.syntax import parse
from edge.system import atomic_files


def main(boot: Path, root: Path) -> int:
    """Write the connection, if the file in ``boot`` has one."""
    try:
        document = find(boot)
    except Unreadable as error:
        sys.stderr.write(f"{error.problem}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"cannot be read ({error.strerror}); the card may be worn out\n")
        return 1
    values, problems = parse(for_parser(document.text)) if document else ({}, [])
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    wifi = values.get("wifi")
    wifi = wifi if isinstance(wifi, dict) else {}
    ssid, password, country = (wifi.get(key, "") for key in ("ssid", "password", "country"))
    if ssid and all(isinstance(value, str) for value in (ssid, password, country)):
        path = root / KEYFILE.lstrip("/")
        # If the password is empty, an earlier start has taken it over and written the connection.
        if password or not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            content = keyfile(ssid, password, hidden=wifi.get("hidden") is True)
            atomic_files.replace_file(path, content.encode(), mode=0o600)
        sys.stdout.write(f"{country.upper()}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
