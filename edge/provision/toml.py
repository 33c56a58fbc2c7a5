"""Writing sections of plain values as TOML; Python reads it, and writes none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def dump(sections: Mapping[str, Mapping[str, Any]]) -> str:
    """The sections as text. Values are strings, booleans, numbers, and lists of them."""
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in section.items())
        for name, section in sections.items()
    )


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # TOML has JSON's escapes, and in addition wants DEL escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    return repr(value)
