"""The face detector: its network, the scenes it learns from, its training, and how it is compared and measured."""
