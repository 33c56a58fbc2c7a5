"""The order of the steps, chosen so that a power cut between any two of them loses nothing.

A secret is stored on the disk before it is blanked in the file on the boot partition. The settings are stored before
they are applied. Everything else follows from these two, and is done again at the next boot.
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
    "the card's data partition, where the device stores settings and counts, is missing or broken; start the device"
    " again, and if that does not help, flash the card again"
)
LAST_LOST = (
    "the settings that the device stored cannot be read any more ({}): it needs a maitred.toml without mistakes, and"
    " with every password between its quotes"
)


@dataclass(frozen=True)
class ProvisionReport:
    """The result of a run."""

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
        """2 for mistakes in the file, 1 for problems of the device, else 0."""
        if any(not problem.of_device for problem in self.problems):
            return 2
        return 1 if self.problems or self.failures else 0


def provision(boot: Path, root: Path, *, dry_run: bool = False, state_mount: bool = False) -> ProvisionReport:
    """Set the system at ``root`` up as the file in ``boot`` says.

    A file with a mistake changes nothing: the last file that had none is applied again. The report names what could not
    be done on this system. A secret is blanked only if it could be stored.

    Args:
        boot: the folder with the file.
        root: the root folder of the system.
        dry_run: whether to report what would be done, and change nothing.
        state_mount: whether settings and secrets are stored on a partition of their own. If that partition is missing,
            nothing is read or taken over, because it would be stored in RAM and blanked in the file.
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
    if not (problems and (by_hand or unusable)):  # settings that work stay until there are better ones
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
        () if problems else tuple(checked.new_secrets),
    )  # fmt: skip


def _look(
    boot: Path, last: Document | None, unusable: Problem | None, failures: list[str], target: ProvisionTarget
) -> tuple[Document | None, list[Problem]]:
    """The file. If there is none, the last one that was applied is put back, or the template if none ever was."""
    try:
        if not target.dry_run:
            for leftover in sorted(boot.glob(f"maitred*{atomic_files.SUFFIX}")):
                atomic_files.remove_file(leftover)
        document = find(boot)
    except Unreadable as error:
        return None, [error.problem]
    except OSError as error:
        return None, [Problem(f"cannot be read ({error.strerror}); the card may be worn out", of_device=True)]
    if document is not None:
        return document, []
    if unusable is not None:  # the template would remove all settings from the device
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
    """Store secrets and settings on the disk; the secrets first, because the text is stored without them."""
    content = document.encode(checked.blanked)
    target.changes += [f"keep {name}" for name in checked.new_secrets]
    if target.dry_run:
        return []
    try:
        target.folder(vault.folder.parent, 0o700)
        target.folder(vault.folder, 0o700)
        for name, value in checked.new_secrets.items():
            vault.put(name, value)
        if not _holds(last_good, content):
            atomic_files.replace_file(last_good, content, mode=0o600)
    except OSError as error:
        text = f"the device cannot store its settings ({error.strerror}): the card is full, or worn out"
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
    """The last file that was applied, without its secrets; or a problem if there is one that cannot be used."""
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
    except OSError:  # the step that writes the configuration reports this
        return False


def _fallback(vault: Vault, last: Document | None) -> CheckedSettings:
    """The last settings that were right; those of the template if there are none, or if this version refuses them."""
    if last is not None:
        checked = check(last.text, vault, applied=True)
        if len(checked.problems) == len(checked.lost_secrets):  # only secrets are missing: better than nothing
            return checked
        log.error("the last good settings are refused, too: %s", "; ".join(map(str, checked.problems)))
    return check(template(), vault)


def _plan(checked: CheckedSettings, vault: Vault, target: ProvisionTarget, *, final: bool) -> Plan:
    """What the checked file asks for. Old secrets are retired only if the file has no mistake (``final``)."""
    needed = checked.new_secrets.keys() | checked.old_secrets
    stored, lost = dict[str, str](), set[str]()
    for secret in SECRETS:
        try:
            value = vault.get(secret.name)
        except SecretLost:
            lost.add(secret.name)
            continue
        if value is not None:
            stored[secret.name] = value
    retired = (stored.keys() | lost) - needed
    if target.dry_run:
        stored |= checked.new_secrets
    return Plan(
        checked.settings, checked.agent, {name: value for name, value in stored.items() if name in needed},
        frozenset(retired) if final else frozenset(), frozenset(needed - stored.keys()),
    )  # fmt: skip


def _attempt(failures: list[str], what: str, work: Callable[[], object]) -> None:
    """Do ``work``. If it fails, note that and go on, so that the other steps are done."""
    try:
        work()
    except (OSError, MaitredError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        log.error("%s: %s", what, reason)
        failures.append(f"{what}: {reason}")
