"""Labelled faces: from a folder of pictures to the batches that a network is trained on.

Start with :mod:`training.data.dataset`, which lists the pictures and splits them into training, validation and test;
:mod:`training.data.batches` decodes them, and :mod:`training.data.augment` changes them at random.
"""
