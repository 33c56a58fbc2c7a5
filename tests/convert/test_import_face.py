"""The face detector's bundle against the code that makes it."""

from __future__ import annotations

import hashlib
import io
import zipfile

from convert.import_face import SHA256, card_of
from edge.vision.bundle import load_bundle, sealed, write_bundle


def test_the_shipped_detector_is_the_published_one_with_the_card_made_here(tmp_path):
    shipped = load_bundle("face")
    # The card is appended to the model; what lies before the first entry of the zip is the model itself.
    with zipfile.ZipFile(io.BytesIO(shipped.model)) as files:
        model = shipped.model[: min(entry.header_offset for entry in files.infolist())]
    assert hashlib.sha256(model).hexdigest() == SHA256
    card = sealed(card_of(model), model)
    assert card == shipped.card
    write_bundle(tmp_path / "face.tflite", model, card)
    assert (tmp_path / "face.tflite").read_bytes() == shipped.model
