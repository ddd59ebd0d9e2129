"""Who was working on what when a worker died, and how often that may happen to a day."""

from collections import Counter

from potrun.runs.day import DayReport, DayTask


class Attempts:
    """Counts the starts of each day whose worker was lost.

    Parameters
    ----------
    limit : int
        How often a day is started at most.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lost: Counter[DayTask] = Counter()

    def lost(self, task: DayTask, how: str) -> DayReport | None:
        """Note that a day was lost with its worker; returns the report of a day that is given up."""
        self._lost[task] += 1
        if self._lost[task] < self._limit:
            return None
        return DayReport(
            task, failure=f"{task.day.name}: given up, its worker {how} {self._limit} times; is memory short?"
        )
