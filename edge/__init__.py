"""The agent: everything that runs on the device. Imports nothing from convert or training, never TensorFlow."""

import os

# Before anything imports OpenCV, which reads it once: a photo of a few kilobytes may claim to be of many gigabytes when
# unpacked. 134 megapixels are more than any phone's camera has, and 400 MB.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 27))
