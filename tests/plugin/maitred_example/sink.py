"""A sink: a file that each event is added to, as one line."""

import os
from collections.abc import Sequence
from pathlib import Path

from edge.errors import BadInput
from edge.uplink import DeliveryOutcome, QueuedEvent, Sink, SinkContext, SinkKind, SinkUnavailable, Verdict


class LinesSink(Sink):
    """Adds events to a file."""

    batch = 50

    def __init__(self, path: Path) -> None:
        self._path = path

    def deliver(self, events: Sequence[QueuedEvent], now: float) -> DeliveryOutcome:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.writelines(f"{event.body}\n" for event in events)
                file.flush()
                os.fsync(file.fileno())  # only then will they survive a power cut
        except OSError as error:
            raise SinkUnavailable(f"{self._path}: {error.strerror}") from error
        return DeliveryOutcome(Verdict.ACKNOWLEDGED)


def open_lines(context: SinkContext) -> LinesSink:
    path = context.options.get("path")
    if not isinstance(path, str):
        raise BadInput('[sink.options] needs path = "…": the file that events are added to')
    return LinesSink(Path(path))


LINES = SinkKind(open=open_lines, help="a file, one line for each event")
