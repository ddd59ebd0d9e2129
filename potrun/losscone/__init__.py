"""The loss-cone model, the normalisation and the two objectives: pure functions."""
