"""The page of a run: one file with its figures, tables, settings and a map to explore, readable without any server."""
