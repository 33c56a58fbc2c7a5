"""Everything that makes and judges the networks; it needs the ``training`` extra and never runs on the device.

The rooms, in the order of the work: ``data`` reads labelled faces, ``networks`` defines the networks, ``fit`` trains
them, ``evaluation`` measures them. ``detector`` does all of this for the face detector. ``rendering`` draws people who
do not exist, and ``simulation`` lets them walk past a camera, so that the agent's counting can be measured.

Start with :mod:`training.cli`, which holds ``maitred train`` and ``maitred evaluate``, or with docs/training.md.
"""
