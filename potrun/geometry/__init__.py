"""Where LP was, how it was oriented, and where the field line meets the Moon."""
