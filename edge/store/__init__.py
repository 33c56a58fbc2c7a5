"""SQLite: visits, windows, outbox, heartbeat."""

from edge.store.damage import Mended
from edge.store.database import StoreDamaged, StoreError
from edge.store.heartbeat import Health
from edge.store.outbox import DeadLetter, OutboxState, Queued
from edge.store.store import Store
from edge.store.visits import StoredVisit

__all__ = [
    "DeadLetter",
    "Health",
    "Mended",
    "OutboxState",
    "Queued",
    "Store",
    "StoreDamaged",
    "StoreError",
    "StoredVisit",
]
