#!/bin/sh
# Sets up everything the tests need in a virtual environment (once), then runs lint, types and tests.
# Options go to pytest; --pdb and -s need -n 0 with them.
set -eu
cd "$(dirname "$0")"
. ./.ci/environment.sh
system_packages
environment .venv-dev '.[dev]'
.venv-dev/bin/ruff check .
.venv-dev/bin/ruff format --check .
.venv-dev/bin/mypy
# Two at a time, each one half in the order of the files, so that what a file's tests share is made once. Not by file
# (loadfile): that goes by names, and schemathesis gives tests of several routes the same one.
exec .venv-dev/bin/pytest --numprocesses 2 --dist worksteal "$@"
