"""The database (SQLite) with visits, windows, the outbox and the heartbeat. Start with
:class:`edge.store.store.Store`."""

from edge.store.damage import DatabaseRepair
from edge.store.database import StoreDamaged, StoreError
from edge.store.heartbeat import Health
from edge.store.outbox import DeadLetter, OutboxState, QueuedEvent
from edge.store.store import Store
from edge.store.visits import StoredVisit

__all__ = [
    "DatabaseRepair",
    "DeadLetter",
    "Health",
    "OutboxState",
    "QueuedEvent",
    "Store",
    "StoreDamaged",
    "StoreError",
    "StoredVisit",
]
