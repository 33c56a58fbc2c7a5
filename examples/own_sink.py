"""A sink of one's own: a line for each window of time in a CSV file, on a network drive for example.

    [project.entry-points."maitred.sinks"]
    csv_file = "own_sink:KIND"

A package with these lines in its pyproject.toml makes it a plug-in: install it beside maitred. With the following lines
in its configuration an agent sends its windows there.

    [sink]
    name = "csv_file"
    options = { path = "/mnt/office/visits.csv" }
"""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from edge.uplink import DeliveryOutcome, QueuedEvent, Sink, SinkContext, SinkKind, SinkUnavailable, Verdict


class CsvFile(Sink):
    def __init__(self, context: SinkContext) -> None:
        self.path = Path(context.options["path"])

    def deliver(self, events: Sequence[QueuedEvent], now: float) -> DeliveryOutcome:
        for event in events:
            data = json.loads(event.body)["data"]
            row = [data["window"]["start"], data["visits"], data["entries"], data["exits"], event.id]
            try:
                with self.path.open("a+", newline="", encoding="utf-8") as file:
                    file.seek(0)
                    if event.id not in file.read():  # after a power cut the same event may come again
                        csv.writer(file).writerow(row)
            except OSError as error:
                raise SinkUnavailable(f"{self.path}: {error.strerror}") from error
        return DeliveryOutcome(Verdict.ACKNOWLEDGED)


KIND = SinkKind(CsvFile, help="a line for each window in a CSV file")
