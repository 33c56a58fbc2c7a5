"""The order of things, such that a power cut between any two of them loses nothing.

A secret is kept, on the disk, before it is blanked in the file on the boot partition. The settings are kept before they
are applied. Everything else follows from the two, and is done again at the next boot.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge.errors import MaitredError
from edge.provision import notice
from edge.provision.check import CheckedSettings, check
from edge.provision.document import NAME, Document, Unreadable, find, for_parser, read, template
from edge.provision.mounts import is_own_mount
from edge.provision.problem import Problem
from edge.provision.secrets import SECRETS, SecretLost, Vault
from edge.provision.ssh import STATE, ssh
from edge.provision.steps import CONFIG, STEPS, Plan, is_by_hand
from edge.provision.target import ProvisionTarget
from edge.system import atomic_files

log = logging.getLogger(__name__)
LAST_GOOD = "last-good.toml"
NOT_KEPT = (
    "the card's data partition, where the device keeps settings and counts, is missing or broken; start the device"
    " again, and if that does not help, flash the card again"
)
LAST_LOST = (
    "the settings that the device keeps cannot be read any more ({}): it needs a maitred.toml that is right, with every"
    " password between its quotes"
)


@dataclass(frozen=True)
class ProvisionReport:
    """What came of it."""

    file: str
    problems: tuple[Problem, ...] = ()
    """Mistakes in the file, and why the device could not use it."""
    failures: tuple[str, ...] = ()
    """What could not be done on this system."""
    changes: tuple[str, ...] = ()
    taken_over: tuple[str, ...] = ()
    """Names of secrets that were in the file."""
    skipped: bool = False
    """Whether nothing was done: the file is still the template, and the agent was set up by hand."""

    @property
    def exit_code(self) -> int:
        """2 for mistakes in the file, 1 for what is the device's."""
        if any(not problem.of_device for problem in self.problems):
            return 2
        return 1 if self.problems or self.failures else 0


def provision(boot: Path, root: Path, *, dry_run: bool = False, state_mount: bool = False) -> ProvisionReport:
    """Set the system at ``root`` up as the file in ``boot`` says.

    A file with a mistake changes nothing: what was kept of the last one that had none is applied again. What cannot be
    done on this system is in the report; nothing is blanked that could not be kept.

    Args:
        boot: the folder with the file.
        root: of the system.
        dry_run: whether to say what would be done, and do nothing.
        state_mount: whether what is kept lies on a partition of its own. Without that partition nothing is read or
            taken over: it would be kept in RAM, and gone from the file.
    """
    target = ProvisionTarget(root, dry_run=dry_run)
    state = target.path(STATE)
    vault, last_good = Vault(state / "secrets"), state / LAST_GOOD
    failures = list[str]()
    last, unusable = _last(last_good)
    if state_mount and not is_own_mount(state):
        document, problems = None, [Problem(NOT_KEPT, of_device=True)]
    else:
        document, problems = _look(boot, last, unusable, failures, target)
    by_hand = last is None and unusable is None and _set_up_by_hand(target)
    if by_hand and document and for_parser(document.text) == template():
        _attempt(failures, notice.PROBLEMS, partial(_tell, boot, "", target))
        return ProvisionReport(
            str(document.path), failures=tuple(failures), changes=tuple(target.changes), skipped=True
        )
    checked = check(document.text, vault) if document else None
    if checked and document:
        problems = [*checked.problems] or _keep(document, checked, vault, last_good, target)
        if not problems:
            _attempt(failures, "blank the secrets in the file", partial(_blank, document, checked, target))
    if not checked or problems:
        checked = _fallback(vault, last)
        problems += [unusable] if unusable and unusable not in problems else []
    plan = _plan(checked, vault, target, final=not problems)
    if not (problems and (by_hand or unusable)):  # what works stays until there is something better
        for step in (*STEPS, ssh):
            _attempt(failures, step.__name__.replace("_", " "), partial(step, target, plan))
    name = document.path.name if document else NAME
    message = notice.text(name, problems, had_settings=bool(by_hand or last or unusable)) if problems else ""
    _attempt(failures, "the console's message", partial(notice.write_issue, target, plan, message))
    if not (dry_run or failures):
        for secret in plan.retired:
            _attempt(failures, f"forget {secret}", partial(vault.drop, secret))
    _attempt(failures, notice.PROBLEMS, partial(_tell, boot, message, target))
    return ProvisionReport(
        str(boot / name), tuple(problems), tuple(failures), tuple(target.changes),
        () if problems else tuple(checked.fresh),
    )  # fmt: skip


def _look(
    boot: Path, last: Document | None, unusable: Problem | None, failures: list[str], target: ProvisionTarget
) -> tuple[Document | None, list[Problem]]:
    """The file. Where there is none, the last one that was applied is put back, or the template if none ever was."""
    try:
        if not target.dry_run:
            for left in sorted(boot.glob(f"maitred*{atomic_files.SUFFIX}")):
                atomic_files.remove_file(left)
        found = find(boot)
    except Unreadable as error:
        return None, [error.problem]
    except OSError as error:
        return None, [Problem(f"cannot be read ({error.strerror}); the card may be worn out", of_device=True)]
    if found is not None:
        return found, []
    if unusable is not None:  # the template would take everything off the device
        return None, [unusable]
    document = Document(boot / NAME, last.text, last.encoding, last.mark) if last else Document(boot / NAME, template())
    target.changes.append(f"write {document.path}")
    if not target.dry_run:
        _attempt(
            failures,
            str(document.path),
            partial(atomic_files.replace_file, document.path, document.encode(document.text)),
        )
    return document, []


def _keep(
    document: Document, checked: CheckedSettings, vault: Vault, last_good: Path, target: ProvisionTarget
) -> list[Problem]:
    """Secrets and settings, on the disk; the secrets first, for what is kept of the text holds none."""
    content = document.encode(checked.blanked)
    target.changes += [f"keep {name}" for name in checked.fresh]
    if target.dry_run:
        return []
    try:
        target.folder(vault.folder.parent, 0o700)
        target.folder(vault.folder, 0o700)
        for name, value in checked.fresh.items():
            vault.put(name, value)
        if not _holds(last_good, content):
            atomic_files.replace_file(last_good, content, mode=0o600)
    except OSError as error:
        text = f"the device cannot keep what is in it ({error.strerror}): the card is full, or worn out"
        return [Problem(text, of_device=True)]
    return []


def _blank(document: Document, checked: CheckedSettings, target: ProvisionTarget) -> None:
    if checked.blanked != document.text:
        target.changes.append(f"blank the secrets in {document.path}")
        if not target.dry_run:
            atomic_files.replace_file_and_wipe_old(document.path, document.encode(checked.blanked))


def _tell(boot: Path, message: str, target: ProvisionTarget) -> None:
    if not target.dry_run:
        notice.write_file(boot, message)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def _last(last_good: Path) -> tuple[Document | None, Problem | None]:
    """The last file that was applied, without its secrets; or why there is one that cannot be used."""
    try:
        return read(last_good), None
    except FileNotFoundError:
        return None, None
    except Unreadable:
        reason = "damaged"
    except OSError as error:
        reason = error.strerror or str(error)
    log.error("%s: %s", last_good, reason)
    return None, Problem(LAST_LOST.format(reason), of_device=True)


def _set_up_by_hand(target: ProvisionTarget) -> bool:
    try:
        return is_by_hand(target.read(CONFIG))
    except OSError:  # reported by the step that writes it
        return False


def _fallback(vault: Vault, last: Document | None) -> CheckedSettings:
    """The last settings that were right, the template's where there are none or a newer version takes them no more."""
    if last is not None:
        kept = check(last.text, vault, applied=True)
        if len(kept.problems) == len(kept.lost):  # everything but a secret is there: better than nothing
            return kept
        log.error("the last good settings are refused, too: %s", "; ".join(map(str, kept.problems)))
    return check(template(), vault)


def _plan(checked: CheckedSettings, vault: Vault, target: ProvisionTarget, *, final: bool) -> Plan:
    """What the checked file asks for. Secrets are given up only on the word of a file that was right (``final``)."""
    wanted = checked.fresh.keys() | checked.kept
    kept, lost = dict[str, str](), set[str]()
    for secret in SECRETS:
        try:
            value = vault.get(secret.name)
        except SecretLost:
            lost.add(secret.name)
            continue
        if value is not None:
            kept[secret.name] = value
    retired = (kept.keys() | lost) - wanted
    if target.dry_run:
        kept |= checked.fresh
    return Plan(
        checked.settings, checked.agent, {name: value for name, value in kept.items() if name in wanted},
        frozenset(retired) if final else frozenset(), frozenset(wanted - kept.keys()),
    )  # fmt: skip


def _attempt(failures: list[str], what: str, work: Callable[[], object]) -> None:
    """Do it; what fails must not keep the rest from being done."""
    try:
        work()
    except (OSError, MaitredError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        log.error("%s: %s", what, reason)
        failures.append(f"{what}: {reason}")
