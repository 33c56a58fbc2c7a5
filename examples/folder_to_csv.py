"""Write a line for each face in a folder of photos into a CSV file.

    python examples/folder_to_csv.py PHOTOS/ faces.csv

A photo that cannot be read is named and left out.
"""

import csv
import sys
from pathlib import Path

from edge import FaceAnalyzer
from edge.cameras.still import images_in, read_image
from edge.errors import BadInput

COLUMNS = ("file", "left", "top", "width", "height", "score", "age", "age_low", "age_high", "gender")

if len(sys.argv) != 3:
    sys.exit(__doc__)
photos, table = Path(sys.argv[1]), Path(sys.argv[2])
analyze = FaceAnalyzer()
with table.open("w", newline="", encoding="utf-8") as file:
    rows = csv.writer(file)
    rows.writerow(COLUMNS)
    for photo in images_in(photos):
        try:
            faces = analyze(read_image(photo))
        except BadInput as error:
            print(error, file=sys.stderr)
            continue
        for face in faces:
            figures = [*face.box, face.score, face.age, *face.age_interval]
            rows.writerow([photo.name, *(round(figure, 2) for figure in figures), face.gender or ""])
