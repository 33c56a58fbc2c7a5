"""Where a face lies in the crops that the networks are trained on."""

from __future__ import annotations

from edge.vision.card import Crop

REFERENCE = ((0.307, 0.297), (0.693, 0.297), (0.5, 0.522), (0.5, 0.714))
"""Left eye in the image, right eye, nose tip and mouth, (x, y) as fractions of the crop's side. Ears are often hidden.

Measured on 1,000 training faces by ``python -m training.data.measure_alignment --data UTKFACE --count 1000``.
"""

CROP = Crop(landmarks=REFERENCE, margin=0.25)
"""How the agent cuts out a face for these networks; the margin is for faces whose landmarks cannot be used."""
