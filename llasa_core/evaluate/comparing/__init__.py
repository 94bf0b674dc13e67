"""Several evaluations side by side: two checkpoints on the same windows, seeds of one recipe, folds of the people."""
