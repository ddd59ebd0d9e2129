"""Archives of day tables: which days exist, reading, caching, simulating."""
