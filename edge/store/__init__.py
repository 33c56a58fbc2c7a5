"""SQLite: visits, windows, outbox, heartbeat."""

from edge.store.database import StoreError
from edge.store.heartbeat import Health
from edge.store.keeper import Keeper
from edge.store.outbox import OutboxState, Queued
from edge.store.recorder import Recorder
from edge.store.store import Store
from edge.store.visits import StoredVisit

__all__ = ["Health", "Keeper", "OutboxState", "Queued", "Recorder", "Store", "StoreError", "StoredVisit"]
