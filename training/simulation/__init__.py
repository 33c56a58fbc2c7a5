"""Scenes whose truth is known: labelled faces walk through a drawn room, and what was counted is compared with it."""
