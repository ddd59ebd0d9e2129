"""Who works on the days: this process, several, or a Dask cluster."""
