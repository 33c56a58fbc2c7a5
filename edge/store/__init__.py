"""SQLite: visits, windows, outbox, heartbeat."""

from edge.store.database import StoreError
from edge.store.heartbeat import Health
from edge.store.outbox import OutboxState, Queued
from edge.store.store import Store
from edge.store.visits import StoredVisit

__all__ = ["Health", "OutboxState", "Queued", "Store", "StoreError", "StoredVisit"]
