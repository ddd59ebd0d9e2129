"""The result file, its statistics and its pictures."""
