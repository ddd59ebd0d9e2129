"""Download of the measured archive: what there is, how it is transferred, how it is checked."""
