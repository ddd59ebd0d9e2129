"""Every command; the modules that ``python -m`` names only call these."""
