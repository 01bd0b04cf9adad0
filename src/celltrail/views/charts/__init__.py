"""Charts of runs and of predictions, beside the curves: one module for each."""
