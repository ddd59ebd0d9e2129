"""potrun: the electrostatic potential of the lunar surface from Lunar Prospector electrons."""

__version__ = "0.1.0"
