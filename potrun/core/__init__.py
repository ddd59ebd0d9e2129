"""What every other room stands on: records, settings, errors, time, locks, atomic files."""
