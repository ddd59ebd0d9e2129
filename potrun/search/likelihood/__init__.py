"""The fit that folds the instrument into the model and counts electrons."""
