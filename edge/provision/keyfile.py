"""A wireless network as NetworkManager keeps it (nm-settings-keyfile(5)). Standard library only, as is early.py."""

from __future__ import annotations

import uuid

KEYFILE = "/etc/NetworkManager/system-connections/maitred-wifi.nmconnection"
OURS = uuid.UUID("6f1d2a52-6a2c-5d0b-9c39-0d9d6c7f3a11")
"""Namespace of the connections' identifiers: the same network has the same one at every boot."""


def keyfile(ssid: str, password: str, *, hidden: bool) -> str:
    """The connection to a network, open where ``password`` is empty."""
    lines = ["[connection]", "id=maitred-wifi", f"uuid={uuid.uuid5(OURS, ssid)}", "type=wifi", ""]
    lines += ["[wifi]", "mode=infrastructure", f"ssid={_ssid(ssid)}", *(["hidden=true"] if hidden else []), ""]
    if password:
        # NetworkManager takes wpa-psk for WPA2 and, where the access point has both, for WPA3, too.
        lines += ["[wifi-security]", "key-mgmt=wpa-psk", f"psk={_escaped(password)}", ""]
    return "\n".join([*lines, "[ipv4]", "method=auto", "", "[ipv6]", "method=auto", ""])


def _ssid(name: str) -> str:
    """As text where that is safe, else as the numbers of its bytes, which the format takes, too."""
    plain = name.isascii() and all(c.isalnum() or c in " ._-" for c in name) and name == name.strip()
    # A name of digits alone would itself be taken for such a list.
    return name if plain and not name.isdecimal() else "".join(f"{byte};" for byte in name.encode())


def _escaped(text: str) -> str:
    """A string of a key file: a backslash begins an escape, and blanks at the ends would be lost."""
    text = text.replace("\\", "\\\\")
    inner = text.strip(" ")
    before = len(text) - len(text.lstrip(" "))
    return "\\s" * before + inner + "\\s" * (len(text) - before - len(inner))
