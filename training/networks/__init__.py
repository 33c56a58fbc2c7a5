"""The networks that estimate age and gender, one a file, the weights they start from, and the files that hold them.

Start with :mod:`training.networks.registry`, which lists the networks by name, then read one of them:
:mod:`training.networks.mobile` is the default of the agent.
"""
