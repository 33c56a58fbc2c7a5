"""Settings for TensorFlow that must stand before it starts."""

from __future__ import annotations

import os

# With one thread, sums are taken in one order: two runs can be compared to the bit.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
