"""``python -m edge.config.reference`` prints docs/configuration.md from the sections' own descriptions."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from typing import Any

from edge.config.section import Section
from edge.config.settings import Settings

INTRO = """\
# Configuration

The configuration is one TOML file. On a device it is `/etc/maitred/maitred.toml`; `maitred run`, `dashboard`, `count`,
`report` and `doctor` take it as `--config`. Sections and keys that are absent keep their defaults, so an empty file is
valid. The whole file is checked before anything starts. A command that refuses a file exits with 2 and names all faults
at once; for a misspelt key it suggests the one that was probably meant. Words such as *track*, *visit* and *window* are
explained in the [glossary](glossary.md).

```toml
[site]
name = "chez-emile"
device = "front-door"
timezone = "Europe/Paris"

[camera]
source = "v4l2:/dev/video0"

[entrance]
line = [[0.1, 0.6], [0.9, 0.6]]
inside = "below"

[census]
window_minutes = 30
bands = [0, 13, 18, 30, 45, 60]

[uplink]
url = "https://census.example.com/v1/windows"
secret_file = "/etc/maitred/uplink.secret"
```

The agent reads its file only when it starts: restart it after a change (`systemctl restart agent`). `maitred doctor
--config FILE` checks whether camera, entrance, models, disk, clock and endpoint are as the file says.

`python -m edge.config.reference` prints this page, and a test compares the two.
"""


def reference() -> str:
    """The whole page as Markdown."""
    return "\n".join([INTRO, *(_section(name) for name in Settings.model_fields)])


def main() -> None:
    """Print the page."""
    sys.stdout.write(reference())


def _section(name: str) -> str:
    about = Settings.model_fields[name]
    model = about.annotation
    if not (isinstance(model, type) and issubclass(model, Section)):
        raise TypeError(f"{name} is no section")
    return "\n".join([f"## `[{name}]` {about.title}\n", f"{about.description}\n", table(model), ""])


def table(model: type[Section], keys: Collection[str] | None = None) -> str:
    """The keys of a section as a Markdown table: all keys, or those in ``keys``."""
    properties = model.model_json_schema()["properties"]
    rows = [_row(key, schema) for key, schema in properties.items() if keys is None or key in keys]
    return "\n".join(["| Key | Type | Default | Bounds | Description |\n|---|---|---|---|---|", *rows])


def _row(key: str, schema: dict[str, Any]) -> str:
    value = schema.get("default")
    default = "none" if value is None else f"`{json.dumps(value, ensure_ascii=False)}`"
    if "default" not in schema:
        default = "needed"
    cells = (f"`{key}`", _type(schema), default, _bounds(schema), f"**{schema['title']}.** {schema['description']}")
    # A bar would end the cell, even inside code.
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(choice) for choice in schema["anyOf"] if choice["type"] != "null")
    if "prefixItems" in schema:
        return "point"
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}s"
    return "table" if schema["type"] == "object" else str(schema.get("format", schema["type"]))


def _bounds(schema: dict[str, Any]) -> str:
    if "minimum" in schema:
        return f"{schema['minimum']:g} to {schema['maximum']:g}"
    if "enum" in schema:
        return " or ".join(f"`{choice}`" for choice in schema["enum"])
    if "minItems" in schema:
        return f"{schema['minItems']} to {schema['maxItems']} items"
    if "pattern" in schema:
        return f"matches `{schema['pattern']}`"
    return "not empty" if "minLength" in schema else ""


if __name__ == "__main__":
    main()
