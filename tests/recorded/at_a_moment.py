"""``maitred`` at another time of day: a process whose clock was set before anything of maitred was loaded.

``python at_a_moment.py UNIX_SECONDS going|standing COMMAND ...`` runs the command line as it is, but for ``time.time``:
it is ``going`` on from that moment, or ``standing`` still, so that all ages of things are the same each time.
"""

from __future__ import annotations

import runpy
import sys
import time


def main() -> None:
    moment, way, *words = sys.argv[1:]
    begun, real = float(moment), time.time
    first = real()
    clocks = {"standing": lambda: begun, "going": lambda: begun + real() - first}
    time.time = clocks[way]
    sys.argv = ["maitred", *words]
    runpy.run_module("edge.cli", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
