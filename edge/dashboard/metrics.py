"""Metrics in the Prometheus text exposition format, version 0.0.4.

The values are in the database, so this process counts nothing: a collector reads them for each request. The registry
that prometheus-client keeps about its own process is not exposed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily as Counter
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from edge.census.window import CELL_GENDERS
from edge.dashboard.reader import Now
from edge.dashboard.status import Status
from edge.store import Health
from edge.system.machine import Disk, resident_mb

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
CAMERA_STATES = ("running", "opening", "failed", "ended")
UPLINK_STATES = ("off", "idle", "sending", "retrying", "stopped")
Samples = Sequence[tuple[dict[str, str], float]]
"""Labels and value of each sample of a metric."""


class Metrics(Collector):
    """All metrics at one moment. Metrics whose value only a running agent knows are left out while no agent runs."""

    def __init__(self, now: Now, disk: Disk) -> None:
        self._now = now
        self._disk = disk

    def collect(self) -> Iterator[Metric]:
        """The metrics that have a value."""
        status = Status(self._now.health, self._now.at)
        for metric in (*_store_metrics(self._now, self._disk, status), *_agent_metrics(status)):
            if metric.samples:
                yield metric


def exposition(now: Now, disk: Disk) -> bytes:
    """All metrics as text of the type :data:`CONTENT_TYPE`."""
    return generate_latest(Metrics(now, disk))


def _store_metrics(now: Now, disk: Disk, status: Status) -> list[Metric]:
    cells = [
        ({"band": row.band, "gender": gender}, count)
        for row in now.day.pyramid
        for gender, count in zip(CELL_GENDERS, (row.female, row.male, row.unknown), strict=True)
    ]
    outbox, occupancy = now.outbox, now.occupancy
    crossings = [({"direction": "in"}, now.day.entries), ({"direction": "out"}, now.day.exits)] if occupancy else []
    inside = occupancy.inside if occupancy else None
    age, sent = status.heartbeat_age_s, outbox.last_delivered_at
    return [
        Gauge("maitred_up", "1 if the agent's heartbeat is fresh.", float(status.fresh)),
        Gauge("maitred_heartbeat_age_seconds", "Seconds since the agent's last heartbeat.", age),
        _gauges("maitred_visits_today", "Visits since local midnight by age band and gender.", cells),
        Gauge("maitred_excluded_visits_today", "Visits of staff since local midnight.", now.day.excluded),
        _gauges("maitred_crossings_today", "Crossings of the entrance since local midnight.", crossings),
        Gauge("maitred_occupancy", "People inside, by the crossings since the reset.", inside),
        Gauge("maitred_outbox_queued", "Events that wait to be sent.", outbox.queued),
        Gauge(
            "maitred_outbox_rejected",
            "Events that the endpoint refused for good and that are still stored.",
            outbox.rejected,
        ),
        Counter("maitred_outbox_dropped", "Events dropped: too old, or too many.", outbox.dropped),
        Counter(
            "maitred_visits_lost",
            "Visits lost because they could not be written and memory had no room.",
            now.lost_visits,
        ),
        Gauge("maitred_last_upload_timestamp_seconds", "Unix time of the last acknowledged event.", sent),
        Gauge("maitred_disk_free_bytes", "Free space where the database is.", disk.free),
        Gauge("process_resident_memory_bytes", "Resident memory of the dashboard.", resident_mb() * 1e6 or None),
    ]


def _agent_metrics(status: Status) -> list[Metric]:
    health = status.live
    if health is None:
        return []
    camera = [({"state": state}, float(state == health.camera)) for state in CAMERA_STATES]
    uplink = [({"state": state}, float(state == health.uplink)) for state in UPLINK_STATES]
    return [
        _gauges("maitred_info", "The model in use; always 1.", [({"model": health.model}, 1.0)]),
        Gauge("maitred_start_time_seconds", "Unix time at which the agent started.", health.started_at),
        _gauges("maitred_camera_state", "1 for the state the camera is in.", camera),
        _gauges("maitred_uplink_state", "1 for the state the upload is in.", uplink),
        Counter("maitred_frames", "Frames since the agent started.", health.frames),
        Counter("maitred_frames_dropped", "Frames that were not looked at.", health.dropped),
        Gauge("maitred_frame_rate_hertz", "Frames a second through the agent.", health.fps),
        Gauge("maitred_looks_at_every", "The agent looks at one frame in this many.", health.looks_at_every),
        Gauge(
            "maitred_frame_latency_seconds",
            "Median time from capturing a frame to counting it.",
            health.latency_ms / 1000,
        ),
        Gauge("maitred_temperature_celsius", "Temperature of the processor.", health.temperature_c),
        Gauge("maitred_agent_memory_bytes", "Resident memory of the agent.", health.memory_mb * 1e6),
        Gauge("maitred_throttled", "1 while fewer frames are looked at because of heat.", float(health.throttled)),
        Gauge("maitred_clock_unsynchronised", "1 while no time server has set the clock.", float(_unset(health))),
        Gauge(
            "maitred_store_failing", "1 while the database cannot be written.", float(health.store_error is not None)
        ),
        Gauge("maitred_visits_waiting", "Visits in memory that are not in the database yet.", health.visits_waiting),
        Gauge("maitred_people_in_view", "People in view of the camera now.", health.people_in_view),
    ]


def _unset(health: Health) -> bool:
    return health.clock == "unsynchronised"


def _gauges(name: str, meaning: str, samples: Samples) -> Metric:
    metric = Gauge(name, meaning)
    for labels, value in samples:
        metric.add_sample(name, labels, value)
    return metric
