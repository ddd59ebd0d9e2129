"""Pictures of studies, in the look of the others."""
