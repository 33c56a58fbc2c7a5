#!/bin/sh
# Sets maitred up in its own virtual environment (once) and runs the demo. Needs python3 with venv, nothing else.
# Options go to `maitred demo`: --port P, --once, --json.
set -eu
cd "$(dirname "$0")"
. ./.ci/environment.sh
environment .venv .
exec .venv/bin/maitred demo "$@"
