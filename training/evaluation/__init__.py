"""How good a model is: predictions on labelled faces, figures with intervals, plots and a model card."""
