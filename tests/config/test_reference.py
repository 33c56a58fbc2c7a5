"""docs/configuration.md says what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from edge.config import Settings, load_settings
from edge.config.reference import reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
FIELDS = [
    pytest.param(section, key, id=f"{section}.{key}")
    for section, about in Settings.model_fields.items()
    for key in about.annotation.model_fields
]


def test_the_page_is_what_the_generator_prints():
    printed = subprocess.run(
        [sys.executable, "-m", "edge.config.reference"], capture_output=True, text=True, check=True, encoding="utf-8"
    )

    assert PAGE.read_text(encoding="utf-8") == printed.stdout, (
        "docs/configuration.md is out of date: python -m edge.config.reference > docs/configuration.md"
    )


def test_the_example_is_a_valid_file_and_changes_what_it_says(tmp_path: Path):
    example = re.search(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "maitred.toml"
    file.write_text(example[1])

    settings = load_settings(file)

    assert settings.site.source == "maitred/chez-emile/front-door"
    assert settings.camera.source == "v4l2:/dev/video0"
    assert settings.census.window_minutes == 30
    assert settings.entrance.line == ((0.1, 0.6), (0.9, 0.6))
    assert settings.uplink.secret_file == Path("/etc/maitred/uplink.secret")
    assert settings.counting == Settings().counting


@pytest.mark.parametrize(("section", "key"), FIELDS)
def test_every_key_has_a_row_with_title_description_and_default(section: str, key: str):
    field = Settings.model_fields[section].annotation.model_fields[key]
    table = reference().split(f"## `[{section}]`")[1].split("\n## ")[0]

    (row,) = [line for line in table.splitlines() if line.startswith(f"| `{key}` |")]

    assert field.title
    assert field.description
    assert field.description.endswith(".")
    assert f"**{field.title}.** {field.description}" in row
    default = field.default
    assert re.fullmatch(r"`.+`|none", row.split(" | ")[2])
    assert (default is None) == (row.split(" | ")[2] == "none")


def test_every_number_is_bounded_on_both_sides():
    unbounded, numbers = [], 0
    for section, about in Settings.model_fields.items():
        for key, schema in about.annotation.model_json_schema()["properties"].items():
            if schema.get("type") in ("integer", "number"):
                numbers += 1
                if not schema.get("minimum", float("inf")) <= schema["default"] <= schema.get("maximum", -1):
                    unbounded.append(f"{section}.{key}")

    assert numbers > 20
    assert not unbounded


@pytest.mark.parametrize("section", list(Settings.model_fields))
def test_every_section_has_title_and_description(section: str):
    field = Settings.model_fields[section]

    assert field.title
    assert f"## `[{section}]` {field.title}\n\n{field.description}\n" in reference()


def test_every_row_has_the_five_cells_of_its_head():
    for line in reference().splitlines():
        if line.startswith("| `"):
            assert len(re.split(r"(?<!\\)\|", line)) == 7, line
