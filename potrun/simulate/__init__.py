"""A simulated Lunar Prospector archive with known truth, in the layout of the real one.

A second implementation on purpose: nothing here imports the physics of the rest of potrun, so that agreement between
the two means something. `archive.simulate_archive` writes an archive, `sweeps.simulate_sweeps` makes sweeps in memory
and `handover.to_records` turns those into the records that the stages take.
"""

SIMULATOR_VERSION = 3
"""Raised whenever the same seed would give other bytes, so that archives of two versions never mix."""
