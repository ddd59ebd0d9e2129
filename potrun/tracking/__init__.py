"""Where a run is recorded: MLflow, or nowhere."""
