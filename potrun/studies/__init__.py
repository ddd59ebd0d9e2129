"""Studies: what is asked of a result once it is there, beyond its statistics and pictures."""
