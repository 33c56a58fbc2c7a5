"""What leaves the device: the events of closed windows, and the sinks that they go to."""

from edge.store.outbox import QueuedEvent
from edge.uplink.event import ModelIdentity, census_event
from edge.uplink.outbox_worker import OutboxWorker, State
from edge.uplink.sink import DeliveryOutcome, Sink, SinkContext, SinkKind, SinkUnavailable, Verdict
from edge.uplink.uplink_workers import UplinkWorkers

__all__ = [
    "DeliveryOutcome",
    "ModelIdentity",
    "OutboxWorker",
    "QueuedEvent",
    "Sink",
    "SinkContext",
    "SinkKind",
    "SinkUnavailable",
    "State",
    "UplinkWorkers",
    "Verdict",
    "census_event",
]
