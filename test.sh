#!/bin/sh
# Sets up everything the tests need in a virtual environment (once), then runs lint, types and tests.
# Options go to pytest.
set -eu
cd "$(dirname "$0")"
. ./.ci/environment.sh
system_packages
environment .venv-dev '.[dev]'
.venv-dev/bin/ruff check .
.venv-dev/bin/ruff format --check .
.venv-dev/bin/mypy
# Two at a time: half of them wait for something. What one file shares is made once.
exec .venv-dev/bin/pytest --numprocesses 2 --dist loadfile "$@"
