"""Metrics in the Prometheus text exposition format, version 0.0.4.

Written by hand: prometheus-client keeps counters of its own process, and these values live in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.dashboard.reader import Now
from edge.dashboard.status import Status
from edge.store import Health
from edge.system.machine import Disk, resident_mb

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
CAMERA_STATES = ("running", "opening", "failed", "ended")
UPLINK_STATES = ("off", "idle", "sending", "retrying", "stopped")
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Metric:
    """A metric family: name, "gauge" or "counter", what it means, and ``(labels, value)`` of its samples."""

    name: str
    kind: str
    meaning: str
    samples: Sequence[tuple[Labels, float]]

    @property
    def text(self) -> str:
        """Its lines."""
        lines = [f"# HELP {self.name} {self.meaning}", f"# TYPE {self.name} {self.kind}"]
        lines += [f"{self.name}{_labels(labels)} {value!r}" for labels, value in self.samples]
        return "".join(f"{line}\n" for line in lines)


def exposition(now: Now, disk: Disk) -> str:
    """All metrics. What only a running agent knows is left out while none runs, so that no value is stale."""
    families = [*_store_metrics(now, disk), *_agent_metrics(Status(now.health, now.at))]
    return "".join(family.text for family in families if family.samples)


def _store_metrics(now: Now, disk: Disk) -> list[Metric]:
    status, outbox = Status(now.health, now.at), now.outbox
    cells = [
        ((("band", row.band), ("gender", gender)), count)
        for row in now.day.pyramid
        for gender, count in (("female", row.female), ("male", row.male), ("unknown", row.unknown))
    ]
    crossings = [((("direction", "in"),), now.day.entries), ((("direction", "out"),), now.day.exits)]
    occupancy = now.occupancy
    inside = occupancy.inside if occupancy else None
    age, sent = status.heartbeat_age_s, outbox.last_delivered_at
    return [
        _gauge("maitred_up", "1 if the agent's heartbeat is fresh.", float(status.fresh)),
        _gauge("maitred_heartbeat_age_seconds", "Seconds since the agent's last heartbeat.", age),
        Metric("maitred_visits_today", "gauge", "Visits since local midnight by age band and gender.", cells),
        _gauge("maitred_excluded_visits_today", "Visits of staff since local midnight.", now.day.excluded),
        Metric(
            "maitred_crossings_today",
            "gauge",
            "Crossings of the entrance since local midnight.",
            crossings if occupancy else [],
        ),
        _gauge("maitred_occupancy", "People inside, by the crossings since the reset.", inside),
        _gauge("maitred_outbox_queued", "Events that wait to be sent.", outbox.queued),
        _gauge("maitred_outbox_rejected", "Kept events that the endpoint refused for good.", outbox.rejected),
        Metric(
            "maitred_outbox_dropped_total", "counter", "Events dropped: too old, or too many.", [((), outbox.dropped)]
        ),
        Metric(
            "maitred_visits_lost_total", "counter", "Visits that could not be written and were too many to wait.",
            [((), now.lost_visits)],
        ),
        _gauge("maitred_last_upload_timestamp_seconds", "Unix time of the last acknowledged event.", sent),
        _gauge("maitred_disk_free_bytes", "Free space where the database is.", disk.free),
        _gauge("process_resident_memory_bytes", "Resident memory of the dashboard.", resident_mb() * 1e6 or None),
    ]  # fmt: skip


def _agent_metrics(status: Status) -> list[Metric]:
    health = status.live
    if health is None:
        return []
    camera = [((("state", state),), float(state == health.camera)) for state in CAMERA_STATES]
    uplink = [((("state", state),), float(state == health.uplink)) for state in UPLINK_STATES]
    return [
        Metric("maitred_info", "gauge", "The model in use; always 1.", [((("model", health.model),), 1.0)]),
        _gauge("maitred_start_time_seconds", "Unix time at which the agent started.", health.started_at),
        Metric("maitred_camera_state", "gauge", "1 for the state the camera is in.", camera),
        Metric("maitred_uplink_state", "gauge", "1 for the state the upload is in.", uplink),
        Metric("maitred_frames_total", "counter", "Frames since the agent started.", [((), health.frames)]),
        Metric("maitred_frames_dropped_total", "counter", "Frames that nobody looked at.", [((), health.dropped)]),
        _gauge("maitred_frame_rate_hertz", "Frames a second through the agent.", health.fps),
        _gauge("maitred_looks_at_every", "One frame in so many is looked at.", health.looks_at_every),
        _gauge("maitred_frame_latency_seconds", "Median from capture to counted.", health.latency_ms / 1000),
        _gauge("maitred_temperature_celsius", "Temperature of the processor.", health.temperature_c),
        _gauge("maitred_agent_memory_bytes", "Resident memory of the agent.", health.memory_mb * 1e6),
        _gauge("maitred_throttled", "1 while fewer frames are looked at because it is hot.", float(health.throttled)),
        _gauge("maitred_clock_unsynchronised", "1 while the time is not known.", float(_unset(health))),
        _gauge("maitred_store_failing", "1 while the database takes nothing.", float(health.store_error is not None)),
        _gauge("maitred_visits_waiting", "Visits in memory that are not in the database yet.", health.visits_waiting),
        _gauge("maitred_people_in_view", "People in view of the camera now.", health.people_in_view),
    ]  # fmt: skip


def _unset(health: Health) -> bool:
    return health.clock == "unsynchronised"


def _gauge(name: str, meaning: str, value: float | None) -> Metric:
    return Metric(name, "gauge", meaning, [] if value is None else [((), value)])


def _labels(labels: Labels) -> str:
    escaped = ",".join(f'{name}="{_escape(value)}"' for name, value in labels)
    return f"{{{escaped}}}" if escaped else ""


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
