"""Whether the frame loop's memory stays flat: ``python tests/measure_memory.py [--frames 100000]``.

No test: it takes long. The start of the bundled clip, then minutes in which nothing moves, again and again through the
agent's pipeline; resident memory is read every thousand frames, and a line is fitted to all but the first fifth.
"""

from __future__ import annotations

import argparse
import time

import cv2
import numpy as np

from edge.cameras import Frame, open_camera
from edge.config import Settings
from edge.counting.pipeline import Pipeline
from edge.demo import CLIP
from edge.system.machine import resident_mb

SIZE = (640, 360)
FPS = 15
ACTIVE, STILL = 200, 3800
"""Frames of the clip, and of its empty room, in each round."""
EVERY = 1000


def main() -> None:
    """Print the memory as it goes, and its slope."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    wanted = parser.parse_args().frames
    with open_camera(str(CLIP)) as camera:
        images = [cv2.resize(frame.image, SIZE) for frame in camera if frame.index < ACTIVE]
    settings = Settings()
    pipeline = Pipeline(settings)
    resident, visits, started = [], 0, time.process_time()
    for index in range(wanted):
        image = images[index % (ACTIVE + STILL)] if index % (ACTIVE + STILL) < ACTIVE else images[0]
        visits += len(pipeline.process(Frame(image, index / FPS, index)))
        if index % EVERY == 0:
            resident.append((index, resident_mb()))
            if index % (10 * EVERY) == 0:
                print(f"{index} frames, {visits} visits: {resident[-1][1]:.1f} MB", flush=True)
    settled = np.array(resident[len(resident) // 5 :], float)
    slope = np.polyfit(settled[:, 0], settled[:, 1], 1)[0]
    print(f"{wanted} frames, {visits} visits, {time.process_time() - started:.0f} s of processor time")
    print(f"slope: {slope * 1e5:+.2f} MB per 100,000 frames; {settled[0, 1]:.1f} MB to {settled[-1, 1]:.1f} MB")


if __name__ == "__main__":
    main()
