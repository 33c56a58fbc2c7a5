"""The recipe for rpi-image-gen, as far as it can be checked without the builder: forms, names, paths, units."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "firmware_config" / "rpi-image-gen"
LAYER = FOLDER / "layer" / "maitred.yaml"
OVERLAY = FOLDER / "layer" / "maitred.d" / "customize.overlay"
UNITS = OVERLAY / "etc/systemd/system"
yaml = pytest.importorskip("yaml")
# From rpi-image-gen's documentation of layers.
ATTRIBUTES = {
    "Name", "Desc", "Category", "Version", "Requires", "Provides", "RequiresProvider", "AfterProvider", "Conflicts",
    "Type", "Generator", "Sets",
}  # fmt: skip
OF_A_VARIABLE = {"", "Desc", "Required", "Valid", "Set", "Triggers", "Conflicts", "Anchor"}
HOOKS = {f"{phase}-hooks" for phase in ("setup", "extract", "essential", "customize", "cleanup")}


def metadata() -> dict[str, str]:
    """The block of fields in the comments, in Debian's form: a continued line begins with a blank."""
    block = re.search(r"^# METABEGIN\n(.*?)^# METAEND$", LAYER.read_text(), re.MULTILINE | re.DOTALL)[1]
    fields: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        assert line.startswith("#"), line
        content = line[2:]
        if content.startswith(" "):
            fields[name] += content
        elif content:
            name, _, value = content.partition(":")
            assert name not in fields
            fields[name] = value.strip()
    return fields


def test_the_metadata_has_fields_that_are_documented():
    for field in metadata():
        if field.startswith("X-Env-Layer-"):
            assert field.removeprefix("X-Env-Layer-") in ATTRIBUTES, field
        elif field != "X-Env-VarPrefix":
            variable = re.fullmatch(r"X-Env-Var-([a-z0-9_]+)(?:-(\w+))?", field)
            assert variable, field
            assert (variable[2] or "") in OF_A_VARIABLE, field
    assert re.fullmatch(r"\d+\.\d+\.\d+", metadata()["X-Env-Layer-Version"])


def test_the_layer_is_valid_for_mmdebstrap():
    layer = yaml.safe_load(LAYER.read_text())

    assert set(layer) == {"mmdebstrap"}
    assert set(layer["mmdebstrap"]) <= {"packages"} | HOOKS
    assert layer["mmdebstrap"]["packages"] == sorted(layer["mmdebstrap"]["packages"])
    assert all(isinstance(hook, str) for hook in layer["mmdebstrap"]["customize-hooks"])


def test_the_configuration_names_this_layer_and_the_ab_layout():
    config = yaml.safe_load((FOLDER / "config" / "maitred-ab.yaml").read_text())

    assert set(config) == {"device", "image", "layer"}
    assert config["image"]["layer"] == "image-rota"
    assert set(config["image"]) <= {"layer", "name", "boot_part_size", "system_part_size", "data_part_size"}
    assert config["layer"]["app"] == metadata()["X-Env-Layer-Name"]


def test_folders_that_the_units_write_are_on_the_shared_partition():
    lines = (OVERLAY / "etc/rpi-image-gen/slot-shared.d/maitred.conf").read_text().splitlines()
    values = [line for line in lines if line and not line.startswith("#")]
    agent = (ROOT / "systemd/maitred.service").read_text()
    provision = (ROOT / "systemd/maitred-provision.service").read_text()

    assert values[0] == "Version=1"
    assert {value.removeprefix("Path=") for value in values[1:]} == {
        f"/var/lib/{re.search(r'^StateDirectory=(.*)$', agent, re.MULTILINE)[1]}",
        f"/var/lib/{re.search(r'^StateDirectory=(.*)$', provision, re.MULTILINE)[1]}",
        f"/etc/{re.search(r'^ConfigurationDirectory=(.*)$', agent, re.MULTILINE)[1]}",
    }


def test_without_the_shared_partition_nothing_is_set_up():
    """As on the card of build.sh."""
    drop_in = (UNITS / "maitred-provision.service.d/bootfs.conf").read_text()
    card = ROOT / "firmware_config/image/files/etc/systemd/system/maitred-provision.service.d/card.conf"
    for text in (drop_in, card.read_text()):
        commands = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
        assert commands[0] == ""
        assert commands[1].split()[-1] == "--state-mount"
        assert r"var-lib-maitred\x2ddevice.mount" in re.findall(r"^After=(.*)$", text, re.MULTILINE)[-1]


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_shellcheck_finds_nothing_in_the_hooks(tmp_path: Path):
    for number, hook in enumerate(yaml.safe_load(LAYER.read_text())["mmdebstrap"]["customize-hooks"]):
        (tmp_path / f"{number}.sh").write_text(f"#!/bin/sh\nset -eu\n{hook}\n")
    # SC2154: the builder sets the variables.
    done = subprocess.run(
        ["shellcheck", "--exclude=SC2154", *sorted(tmp_path.iterdir())], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_accepts_the_units(tmp_path: Path):
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    shutil.copy(ROOT / "systemd/maitred-provision.service", tmp_path)
    for path in tmp_path.rglob("*.*"):
        if path.is_file():
            path.write_text(path.read_text().replace("/opt/maitred/bin/maitred", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "./maitred-etc.service", "./maitred-provision.service"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert [line for line in (done.stdout + done.stderr).splitlines() if "maitred" in line] == []
