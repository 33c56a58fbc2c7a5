"""The command line as a whole: what it knows, and how it ends."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge import cli
from edge.errors import BadInput, MaitredError
from edge.store import Store


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch):
    """Put a function in place of what ``maitred doctor`` does."""

    def replace(function: Callable[..., object]) -> None:
        monkeypatch.setattr("edge.commands.doctor.run", function)

    return replace


def raising(error: BaseException) -> Callable[..., object]:
    def function(_: object) -> int:
        raise error

    return function


@pytest.mark.parametrize(
    ("function", "code", "told"),
    [
        pytest.param(lambda _: 0, 0, "", id="fine"),
        pytest.param(lambda _: None, 0, "", id="fine-without-a-word"),
        pytest.param(lambda _: 1, 1, "", id="a-command-that-says-1"),
        pytest.param(raising(MaitredError("no disk; buy one")), 1, "maitred: no disk; buy one\n", id="work-failed"),
        pytest.param(raising(BadInput("x.jpg: no such file")), 2, "maitred: x.jpg: no such file\n", id="bad-input"),
        pytest.param(raising(KeyboardInterrupt()), 130, "", id="interrupted"),
    ],
)
def test_a_command_ends_with_its_code(doctor, capsys: pytest.CaptureFixture[str], function, code: int, told: str):
    doctor(function)

    assert cli.main(["doctor"]) == code

    output = capsys.readouterr()
    assert (output.out, output.err) == ("", told)


def test_a_fault_of_the_program_is_not_hidden(doctor):
    doctor(raising(ZeroDivisionError("a bug")))

    with pytest.raises(ZeroDivisionError):
        cli.main(["doctor"])


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["run"],
        ["demo", "--port", "many"],
        ["report", "--by", "minute"],
        ["report", "--from", "today"],
        ["report", "--from", "0001-01-01"],
        ["report", "--to", "9999-12-31"],
    ],
    ids=["nothing", "no-such-command", "run-without-config", "no-port", "no-step", "no-date", "year-1", "year-9999"],
)
def test_bad_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)

    assert ended.value.code == 2
    assert "usage: maitred" in capsys.readouterr().err


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])

    assert ended.value.code == 0
    assert f"usage: maitred {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "level"), [(["doctor"], logging.WARNING), (["-v", "doctor"], logging.DEBUG)], ids=["quiet", "verbose"]
)
def test_logs_are_as_loud_as_wanted(doctor, monkeypatch: pytest.MonkeyPatch, arguments: list[str], level: int):
    doctor(lambda _: 0)
    before = logging.root.level
    with monkeypatch.context() as own:
        own.setattr(logging.root, "handlers", [])  # pytest's own would be left as they are
        cli.main(arguments)
    found = logging.root.level
    logging.root.setLevel(before)

    assert found == level


@pytest.mark.slow
def test_a_reader_who_has_seen_enough_is_no_error(tmp_path: Path):
    config = tmp_path / "maitred.toml"
    config.write_text(f"[store]\npath = {json.dumps(str(tmp_path / 'maitred.db'))}\n")
    Store.open(tmp_path / "maitred.db").close()
    command = [sys.executable, "-m", "edge.cli", "report", "--format", "json", "--config", config]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()

    with process.stderr:
        errors = process.stderr.read().decode()

    assert (process.wait(), errors) == (0, "")


def test_starting_imports_nothing_heavy():
    code = "import sys; from edge.cli import build_parser; build_parser(); print(sorted(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    heavy = {"cv2", "numpy", "flask", "pydantic", "requests", "tensorflow", "keras", "ai_edge_litert"}
    assert not heavy & set(eval(done.stdout))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import package_that_is_not_there", "No module named 'package_that_is_not_there'"),
        ("def broken(:", "SyntaxError"),
        ("def add(commands): 1 / 0", "ZeroDivisionError"),
        ("def add(commands): commands.add_parser('run')", "conflicting subparser: run"),
    ],
    ids=["a package is missing", "a mistake in its code", "it raises", "its name is taken"],
)
def test_a_broken_plug_in_takes_no_other_command_down(install_package, caplog, capsys, code: str, reason: str):
    install_package("broken_command", code, {"maitred.commands": {"odd": "broken_command:add"}})

    assert cli.main(["bundle", "show", "mobile"]) == 0

    assert "the command odd is not available: " in caplog.text
    assert reason in caplog.text
    assert "mobile" in capsys.readouterr().out
