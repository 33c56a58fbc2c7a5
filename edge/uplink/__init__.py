"""The way to the cloud: what is told of a window, and how it gets there."""

from edge.uplink.event import ModelIdentity, census_event
from edge.uplink.sender import Sender, State

__all__ = ["ModelIdentity", "Sender", "State", "census_event"]
