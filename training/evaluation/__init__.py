"""How good a model is: predictions on labelled pictures, figures with their intervals, plots and a model card.

Start with :mod:`training.evaluation.evaluate`, which ``maitred evaluate`` calls; :mod:`training.evaluation.metrics`
computes the figures. :mod:`training.evaluation.shares_study` measures how well the census corrects its shares.
"""
