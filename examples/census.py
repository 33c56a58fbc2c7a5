"""Count a clip, and print its visits by apparent age and gender.

    python examples/census.py CLIP

CLIP is a video file, an animated GIF or a folder of pictures. `maitred count CLIP` also corrects for the mistakes that
the model is known to make.
"""

import sys
from collections import Counter

from edge import Settings, count
from edge.census.age_bands import AgeBands
from edge.errors import MaitredError


def progress(frames: int, seconds: float) -> None:
    """Overwrite one line on the terminal."""
    print(f"\r{frames} frames, {seconds:.0f} s ", end="", file=sys.stderr)


if len(sys.argv) != 2:
    sys.exit(__doc__)
settings = Settings()
try:
    visits = count(sys.argv[1], settings=settings, progress=progress)
except MaitredError as error:
    sys.exit(str(error))
bands = AgeBands(settings.census.bands)
cells = Counter((bands.label(visit.age), visit.gender) for visit in visits if visit.age is not None)
print(f"{len(visits)} visits")
print(f"{'age':6}{'female':>8}{'male':>8}{'child':>8}")
for band in bands.labels:
    print(f"{band:6}{cells[band, 'female']:8}{cells[band, 'male']:8}{cells[band, None]:8}")
