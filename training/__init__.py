"""Datasets, networks, recipes and honest evaluation. Needs the ``training`` extra; never runs on the device."""
