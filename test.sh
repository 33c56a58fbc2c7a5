#!/bin/sh
# Sets up everything the tests need in a virtual environment (once), then runs lint, types and tests.
#   ./test.sh                     everything
#   ./test.sh --fast              without the tests that are slow or need a browser or a card: in less than a minute
#   ./test.sh --fast tests/store  more options go to pytest; --pdb and -s need -n 0 with them
set -eu
cd "$(dirname "$0")"
. ./.ci/environment.sh
# Compile once, not in each of the hundreds of processes that tests start.
unset PYTHONDONTWRITEBYTECODE
system_packages
environment .venv-dev '.[dev]'
.venv-dev/bin/ruff check .
.venv-dev/bin/ruff format --check .
.venv-dev/bin/mypy
# Two at a time, each one half in the order of the files, so that what a file's tests share is made once. Not by file
# (loadfile): that goes by names, and schemathesis gives tests of several routes the same one.
exec .venv-dev/bin/pytest --numprocesses 2 --dist worksteal "$@"
