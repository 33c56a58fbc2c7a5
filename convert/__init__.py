"""From trained Keras networks to verified INT8 bundles. Needs the ``convert`` extra; never runs on the device.

Start with :mod:`convert.demographics`, which ``maitred convert`` calls: it quantises a network, verifies it and writes
the bundle. :mod:`convert.detector` does the same for the face detector, and :mod:`convert.rebuild` makes all bundles
that ship again.
"""
