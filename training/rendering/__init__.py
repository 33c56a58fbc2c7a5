"""Drawing people who do not exist, in a room that does not exist, for the demo clip and the simulator.

Start with :mod:`training.rendering.demo_scene`, which makes the clip of ``maitred demo``. A person is drawn by
:mod:`training.rendering.person` around a face from :mod:`training.rendering.average_face`.
"""
