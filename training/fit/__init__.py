"""One training run: loss, teachers, several machines, validation, and the folder that a killed run resumes from.

Start with :mod:`training.fit.train`; :mod:`training.fit.loss` says what is minimised.
"""
