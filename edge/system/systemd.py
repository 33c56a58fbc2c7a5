"""Talking to systemd: readiness, status and the watchdog (sd_notify(3)), and log lines that the journal can sort."""

from __future__ import annotations

import logging
import os
import socket

from edge.system.redaction import redact


def notify(state: str) -> None:
    """Send ``READY=1``, ``WATCHDOG=1``, ``STATUS=…`` or ``STOPPING=1``; does nothing outside of systemd."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        try:
            channel.sendto(state.encode(), address)
        except OSError:
            return  # systemd went away, so there is nothing left to notify


def in_journal() -> bool:
    """Whether what is written to stderr goes to the journal."""
    return "JOURNAL_STREAM" in os.environ


class DiscreetFormatter(logging.Formatter):
    """Removes user, password and query from addresses, also from those in messages and tracebacks of libraries."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return redact(super().format(record))


class JournalFormatter(DiscreetFormatter):
    """One line with its priority in front (sd-daemon(3)), so that ``journalctl -p warning`` finds it.

    The journal adds time, unit and process itself. A traceback becomes lines of the same priority.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        level = record.levelno
        priority = 3 if level >= logging.ERROR else 4 if level >= logging.WARNING else 6 if level >= logging.INFO else 7
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())
