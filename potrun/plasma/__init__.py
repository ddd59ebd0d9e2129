"""Kappa electrons, charging currents and the spacecraft potential."""
