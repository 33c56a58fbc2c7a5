"""From tracks to visits: best shots, estimates, lines and zones, staff.

Start with :mod:`edge.counting.pipeline`; crossings of a line are decided in :mod:`edge.counting.line_crossing`.
"""
