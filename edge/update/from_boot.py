"""Updates that somebody put on the boot partition, which needs no shell. Each is applied once, at a boot.

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
    """Apply each update in ``folder``, in the order of the names, and rename it.

    Args:
        folder: the boot partition.
        apply: applies an update and returns the text to report; an error that it raises is reported as the reason.

    Returns:
        Whether all updates were applied.

    Raises:
        MaitredError: files in the folder cannot be renamed. Then nothing is applied, because it would be applied again
            at each boot.
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
            # The message shall have the name that the owner gave the file.
            printed, how, well = str(error).replace(str(trying), file.name), "refused", False
        except Exception as error:  # a bug of ours; an owner without a shell could read about it nowhere else
            log.exception("%s", file)
            printed, how, well = f"{UNFORESEEN} {type(error).__name__}: {error}", "refused", False
        _finish(trying, file, how, printed)
    return well


def _finish(path: Path, original: Path, how: str, printed: str) -> None:
    log.log(logging.ERROR if how == "refused" else logging.INFO, "%s: %s: %s", original.name, how, printed)
    done = _rename(path, how, original)
    note = done.with_name(f"{done.name}.txt")
    try:
        # The file must be readable on any computer, also on an old Windows.
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
