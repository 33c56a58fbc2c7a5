"""Updates that were put on the boot partition, for owners without a shell: each is applied once, at a boot.

The file's name says how it went: ``x.maitred`` becomes ``x.maitred.trying``, then ``x.maitred.done`` or
``x.maitred.refused``, with the reason in ``x.maitred.refused.txt``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from edge.errors import MaitredError

log = logging.getLogger(__name__)
ENDING = ".maitred"
CUT = (
    "The update was not finished: the device lost power or was started anew meanwhile.\n"
    "What was installed before is in use. To try it again, rename the file so that it ends in .maitred."
)
UNFORESEEN = "The update ended with an unexpected error; show it to the person who looks after your devices:"


def apply_all(folder: Path, apply: Callable[[Path], str]) -> bool:
    """Apply each update in ``folder``, in the order of their names, and rename it.

    Args:
        folder: the boot partition.
        apply: does it, and returns what to report; whatever it raises is reported as the reason.

    Returns:
        Whether all went well.

    Raises:
        MaitredError: the folder takes no change; then nothing is applied, as it would be at each boot.
    """
    well = True
    for left in sorted(folder.glob(f"*{ENDING}.trying")):
        _finish(left, left.with_suffix(""), "refused", CUT)
        well = False
    for file in sorted(path for path in folder.glob(f"*{ENDING}") if not path.name.startswith(".")):
        trying = _rename(file, "trying", file)
        try:
            printed, how = apply(trying), "done"
        except MaitredError as error:
            # The name that its owner knows.
            printed, how, well = str(error).replace(str(trying), file.name), "refused", False
        except Exception as error:  # a fault of ours: an owner without a shell would read about it nowhere else
            log.exception("%s", file)
            printed, how, well = f"{UNFORESEEN} {type(error).__name__}: {error}", "refused", False
        _finish(trying, file, how, printed)
    return well


def _finish(path: Path, original: Path, how: str, printed: str) -> None:
    log.log(logging.ERROR if how == "refused" else logging.INFO, "%s: %s: %s", original.name, how, printed)
    done = _rename(path, how, original)
    note = done.with_name(f"{done.name}.txt")
    try:
        # Read on any computer, an old Windows among them.
        note.write_text(printed + "\n", encoding="utf-8", newline="\r\n")
        for other in {"done", "refused"} - {how}:  # of an earlier attempt with this file
            if not original.with_name(f"{original.name}.{other}").exists():
                original.with_name(f"{original.name}.{other}.txt").unlink(missing_ok=True)
        os.sync()
    except OSError as error:
        raise MaitredError(f"{note}: cannot be written ({error.strerror})") from error


def _rename(path: Path, ending: str, original: Path) -> Path:
    new = original.with_name(f"{original.name}.{ending}")
    try:
        path.replace(new)
        os.sync()
    except OSError as error:
        raise MaitredError(
            f"{path}: cannot be renamed ({error.strerror}), so it is not applied; is {path.parent} mounted read-only?"
        ) from error
    return new
