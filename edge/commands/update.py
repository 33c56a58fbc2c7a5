"""``maitred update``: installs another release beside the one in use, and can go back to it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from edge.commands import Commands, command

if TYPE_CHECKING:
    from edge.update.install import Candidate
    from edge.update.releases import Releases
    from edge.update.switch import SwitchOutcome

CONFIG = Path("/etc/maitred/maitred.toml")
STEPS = {
    "unpack": "the signature is valid and the update is for this device; unpacking it",
    "install": "installing it beside the release in use",
    "test": "testing it",
    "watch": "switched over; watching whether it works as well as the one before",
}


def add(commands: Commands) -> None:
    """Add the subcommand."""
    parser = command(commands, "update", run, "install a signed update; goes back by itself if it does not work well")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the update (NAME.maitred)")
    what.add_argument("--back", action="store_true", help="return to the previous release")
    what.add_argument("--from-boot", type=Path, metavar="DIR", help="apply each update in the folder DIR once")
    what.add_argument("--self-test", action="store_true", help="try configuration and models with this release")
    parser.add_argument(
        "--check", action="store_true", help="print whether FILE could be installed, and change nothing"
    )
    parser.add_argument("--allow-downgrade", action="store_true", help="accept the same or an older version, too")
    parser.add_argument(
        "--watch",
        type=float,
        default=300.0,
        metavar="S",
        help="seconds within which a new release must work well (300)",
    )
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="FILE", help=f"the device's ({CONFIG})")
    # For tests, and for building images, where the folders are not those of a device.
    parser.add_argument("--releases", type=Path, default=Path("/opt/maitred.d"), help=argparse.SUPPRESS)
    parser.add_argument("--keys", type=Path, help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Install, check, go back or test, as the options say; returns the exit code."""
    from edge.errors import BadInput
    from edge.update.releases import Releases

    if not 1 <= options.watch <= 86400:
        raise BadInput(f"--watch {options.watch:g}: must be from 1 to 86400 seconds")
    if options.check and not options.file:
        raise BadInput("--check needs a FILE")
    if options.self_test:
        return _self_test(options)
    os.umask(0o022)  # the agent's user can read what is installed here, and only root can write it
    # A lost ssh connection must not end the update. Ending it on purpose brings the previous release back.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    releases = Releases(options.releases)
    if options.from_boot:
        return _from_boot(options, releases)
    with releases.locked():
        printed = _back(options, releases) if options.back else _update(options, releases, options.file)
    sys.stdout.write(f"{printed}\n")
    return 0


def _from_boot(options: argparse.Namespace, releases: Releases) -> int:
    from edge.errors import BadInput
    from edge.update.from_boot import apply_all

    if not options.from_boot.is_dir():
        raise BadInput(f"--from-boot {options.from_boot}: no such folder")
    # Lock before any file is renamed: an update that another process is applying must not look as if it was cut off.
    with releases.locked():
        return 0 if apply_all(options.from_boot, lambda path: _update(options, releases, path)) else 1


def _update(options: argparse.Namespace, releases: Releases, path: Path) -> str:
    from edge.update.archive import UpdateArchive
    from edge.update.install import check, install
    from edge.update.keys import KEYS, read_trusted

    bundle = UpdateArchive.open(path, read_trusted(options.keys or KEYS))
    if not options.check:
        _settle(releases)
    target = check(bundle, releases, allow_downgrade=options.allow_downgrade)
    if options.check:
        manifest = bundle.manifest
        return f"{path}: maitred {manifest.version} of {manifest.made_at}, for {target}, can be installed"
    return _switch(options, releases, install(bundle, target, releases, options.config, _report_step))


def _back(options: argparse.Namespace, releases: Releases) -> str:
    from edge.errors import BadInput
    from edge.update.install import test
    from edge.update.releases import FACTORY

    _settle(releases)
    name = releases.previous or FACTORY
    if name == releases.current or not (releases.root / name).is_dir():
        raise BadInput(f"{releases.root}: there is no previous release; install another one: maitred update FILE")
    candidate = test(releases, name, options.config, str(releases.version(name)))
    return _switch(options, releases, candidate, keep=True)


def _switch(options: argparse.Namespace, releases: Releases, candidate: Candidate, *, keep: bool = False) -> str:
    from edge.update.health import WatchLimits
    from edge.update.services import Services
    from edge.update.switch import switch

    limits = WatchLimits(limit=options.watch, hold=min(30.0, options.watch / 2))
    outcome = switch(releases, Services(), candidate, limits, _report_step, keep=keep)
    return _outcome_text(candidate, outcome)


def _outcome_text(candidate: Candidate, outcome: SwitchOutcome) -> str:
    text = f"maitred {candidate.version} is in use"
    if not outcome.watched:
        return f"{text}; the agent is not running, so it passed its self-test but was not watched at work"
    return f"{text}, and well: {outcome.fps:.1f} frames a second, {outcome.fps_before:.1f} before"


def _settle(releases: Releases) -> None:
    """Take back an update that was cut off, if no boot and no start of the agent has done so yet."""
    from edge.update.services import Services

    before = releases.trial
    if before is not None and (releases.root / before).is_dir() and before != releases.current:
        releases.use(before)
        if Services().agent_is_wanted():
            Services().restart(releases.root, wait=True)
    releases.end_trial()
    releases.tidy()  # a complete release whose update was cut off before its trial would take up room for ever


def _self_test(options: argparse.Namespace) -> int:
    from edge.commands.output import print_json
    from edge.update.selftest import self_test

    print_json(self_test(options.config))
    return 0


def _report_step(step: str) -> None:
    if step in STEPS:
        sys.stderr.write(f"maitred: {STEPS[step]} …\n")
        sys.stderr.flush()


def _end(*_: object) -> NoReturn:
    raise KeyboardInterrupt
