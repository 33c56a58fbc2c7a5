"""Simulated scenes with a known truth, with which the agent's count is compared: labelled faces cross a drawn room.

Start with :mod:`training.simulation.scene`, which ``maitred simulate`` draws and writes;
:mod:`training.simulation.evaluate` lets the agent count such a clip, and :mod:`training.simulation.score` compares.
"""
