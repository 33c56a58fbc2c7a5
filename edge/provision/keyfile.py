"""A wireless network in NetworkManager's format (nm-settings-keyfile(5)). Needs only the standard library."""

from __future__ import annotations

import uuid

KEYFILE = "/etc/NetworkManager/system-connections/maitred-wifi.nmconnection"
OURS = uuid.UUID("6f1d2a52-6a2c-5d0b-9c39-0d9d6c7f3a11")
"""Namespace of the connections' identifiers, so that a network has the same identifier at every boot."""


def keyfile(ssid: str, password: str, *, hidden: bool) -> str:
    """The connection to a network; an open one if ``password`` is empty."""
    lines = ["[connection]", "id=maitred-wifi", f"uuid={uuid.uuid5(OURS, ssid)}", "type=wifi", ""]
    lines += ["[wifi]", "mode=infrastructure", f"ssid={_ssid(ssid)}", *(["hidden=true"] if hidden else []), ""]
    if password:
        # NetworkManager uses wpa-psk for WPA2, and also for WPA3 if the access point has both.
        lines += ["[wifi-security]", "key-mgmt=wpa-psk", f"psk={_escaped(password)}", ""]
    return "\n".join([*lines, "[ipv4]", "method=auto", "", "[ipv6]", "method=auto", ""])


def _ssid(name: str) -> str:
    """The name as text if that is safe, else as the numbers of its bytes, which the format allows, too."""
    plain = name.isascii() and all(c.isalnum() or c in " ._-" for c in name) and name == name.strip()
    # A name of digits alone would be read as such a list.
    return name if plain and not name.isdecimal() else "".join(f"{byte};" for byte in name.encode())


def _escaped(text: str) -> str:
    """``text`` as a string of a key file, where a backslash begins an escape, and blanks at the ends would be lost."""
    text = text.replace("\\", "\\\\")
    inner = text.strip(" ")
    before = len(text) - len(text.lstrip(" "))
    return "\\s" * before + inner + "\\s" * (len(text) - before - len(inner))
