"""What runs for contributors without being asked: the workflow, the hooks before a commit, the forms for issues."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github"


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


HOOKS = {hook["id"]: hook for hook in read(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]}
FORMS = [path for path in sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) if path.name != "config.yml"]


def test_the_workflow_runs_what_ci_runs_on_the_checked_out_code():
    workflow = read(GITHUB / "workflows" / "ci.yml")
    steps = workflow["jobs"]["run"]["steps"]
    at = {step.get("uses", "").partition("@")[0] or step["run"]: index for index, step in enumerate(steps)}

    assert set(workflow[True]) == {"push", "pull_request"}  # YAML takes `on` for yes
    assert at["actions/checkout"] < at[".ci/run"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_workflow_may_only_read():
    assert read(GITHUB / "workflows" / "ci.yml")["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_a_form_asks_for_something_and_says_what_must_be_answered(form: Path):
    questions = [part for part in read(form)["body"] if part["type"] != "markdown"]
    ids = [part["id"] for part in questions]
    must = [part for part in questions if "validations" in part or part["type"] == "checkboxes"]

    assert len(ids) == len(set(ids))
    assert all(part["attributes"]["label"] for part in questions)
    assert must


def test_there_is_a_form_for_a_fault_and_one_for_an_idea():
    assert [path.stem for path in FORMS] == ["bug", "idea"]


def test_the_template_of_a_change_asks_for_a_test_and_for_privacy():
    text = (GITHUB / "PULL_REQUEST_TEMPLATE.md").read_text(encoding="utf-8")

    assert "a test would fail without the change" in text
    assert "docs/privacy.md" in text


def test_the_hooks_are_the_projects_own_tools():
    config = read(ROOT / ".pre-commit-config.yaml")

    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    assert all(hook["language"] == "system" for hook in HOOKS.values())
    assert HOOKS["fast-tests"]["entry"] == "./test.sh --fast"
    assert HOOKS["fast-tests"]["stages"] == ["pre-push"]
    assert os.access(ROOT / "test.sh", os.X_OK)


@pytest.mark.parametrize("name", ["ruff-check", "ruff-format", "mypy"])
def test_a_hook_before_a_commit_runs_what_test_sh_runs(name: str):
    command = HOOKS[name]["entry"].removeprefix(".venv-dev/bin/").removesuffix(" --force-exclude")

    assert command in (ROOT / "test.sh").read_text(encoding="utf-8")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with the project's hooks, whose environment is this one."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    pytest.importorskip("pre_commit")
    for name in (".pre-commit-config.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv-dev").mkdir()
    (tmp_path / ".venv-dev" / "bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / ".gitignore").write_text(".venv-dev/\n")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("source", "passes"),
    [("VALUE = 1\n", True), ("import os\n", False), ("VALUE  =  1\n", False)],
    ids=["fine", "an-import-that-is-not-used", "not-formatted"],
)
def test_the_hooks_let_good_code_pass_and_stop_the_rest(clone: Path, source: str, passes: bool):
    (clone / "module.py").write_text(f'"""A module."""\n\n{source}')
    subprocess.run(["git", "add", "."], cwd=clone, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files"],
        cwd=clone, capture_output=True, text=True,
        env=os.environ | {"SKIP": "mypy", "PRE_COMMIT_HOME": str(clone / ".cache"), "GIT_DIR": str(clone / ".git")},
    )  # fmt: skip

    assert (done.returncode == 0) == passes, done.stdout + done.stderr
    assert "ruff check" in done.stdout
