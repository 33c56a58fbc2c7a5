"""Following faces from frame to frame, and finding them again after some seconds out of view.

Start with :mod:`edge.tracking.tracker`: detections go in, tracks come out.
"""
