"""The face detector: its network, the composed scenes it is trained on, its training, and its comparison with others.

Start with :mod:`training.detector.train`. The network is in :mod:`training.detector.blazeface`, the scenes are made by
:mod:`training.detector.composites`, and :mod:`training.detector.compare` decides whether INT8 finds enough.
"""
