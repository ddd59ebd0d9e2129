"""From readable lines to sweeps that can be trusted, counting everything that is left out.

A sweep is a run of consecutive rows with one spectrum number. A damaged row costs its whole sweep, because a sweep
without one of its energies would be fitted as if that energy had never been measured.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from potrun.archive.midnight import NEIGHBOUR_S, SHORT
from potrun.archive.rows import BadLine, RawRows
from potrun.core.instrument import N_CHANNELS
from potrun.core.records import BoolArray, Defect, IntArray
from potrun.core.utc import split_utc

B_LIMIT_NT = 1000.0
"""Fields this strong do not occur around the Moon: the number is damaged (nT)."""

SWEEP_SPAN_LIMIT_S = 120
"""Rows further apart than this belong to no single sweep (s)."""

_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class Runs:
    """Rows of equal spectrum number standing together: first row, rows and number of each run."""

    start: IntArray
    size: IntArray
    spectrum_number: IntArray

    def of_row(self) -> IntArray:
        """Return the run of each row: (R,)."""
        return np.repeat(np.arange(len(self.start)), self.size)

    def any_row(self, row_is: BoolArray) -> BoolArray:
        """Tell which runs hold one of the rows: (runs,) from (R,)."""
        return np.bincount(self.of_row()[row_is], minlength=len(self.start)) > 0


def find_runs(rows: RawRows) -> Runs:
    """Cut rows where the spectrum number changes, or where a run starts over from its first time and energy."""
    number = rows.spectrum_number.astype(np.int64)
    is_start = np.diff(number, prepend=number[:1] - 1) != 0
    first = np.flatnonzero(is_start)[np.cumsum(is_start) - 1]
    is_start |= (rows.utc == rows.utc[first]) & (rows.energy_ev == rows.energy_ev[first])
    start = np.flatnonzero(is_start)
    return Runs(start, np.diff(start, append=len(number)), number[start])


def screen(
    rows: RawRows, bad_lines: Sequence[BadLine], date: dt.date, name: str
) -> tuple[Runs, BoolArray, list[Defect]]:
    """Judge every run of rows.

    Parameters
    ----------
    rows : RawRows
        Readable lines; flags of missing values may already be NaN.
    bad_lines : sequence of BadLine
        The other lines.
    date : datetime.date
        The day that the file's name promises.
    name : str
        The file, as defects shall name it.

    Returns
    -------
    runs : Runs
        Candidate sweeps.
    is_kept : (runs,) bool
        True where a run is a sweep to be used.
    defects : list of Defect
        Each reason once; what several reasons hit is counted under the first of them.
    """
    runs = find_runs(rows)
    is_kept = np.ones(len(runs.start), dtype=bool)
    defects = []
    for reason in dict.fromkeys(bad.reason for bad in bad_lines):
        mine = [bad for bad in bad_lines if bad.reason == reason]
        hit = np.zeros_like(is_kept)
        for bad in mine:
            hit[_runs_of_bad_line(bad, rows, runs)] = True
        lost = hit & is_kept
        defects.append(
            Defect(
                reason, name, mine[0].line, sum(bad.rows for bad in mine) + int(runs.size[lost].sum()), int(lost.sum())
            )
        )
        is_kept &= ~hit
    for reason, row_is_hit, hit in _verdicts(rows, runs, date):
        if hit.any():
            lost = hit & is_kept
            first = int(rows.line[row_is_hit].min())
            defects.append(Defect(reason, name, first, int(runs.size[lost].sum()), int(lost.sum())))
            is_kept &= ~hit
    short = is_kept & (runs.size < N_CHANNELS)
    if short.any():
        defects.append(Defect(SHORT, name, int(rows.line[runs.start[short]].min()), 0, 0))
    return runs, is_kept, defects


def _verdicts(rows: RawRows, runs: Runs, date: dt.date) -> Iterator[tuple[str, BoolArray, BoolArray]]:
    """Each reason for dropping sweeps, the rows that show it, and the runs that it costs."""
    run = runs.of_row()

    def by_row(reason: str, row_is: BoolArray) -> tuple[str, BoolArray, BoolArray]:
        return reason, row_is, runs.any_row(row_is)

    def by_run(reason: str, run_is: BoolArray) -> tuple[str, BoolArray, BoolArray]:
        return reason, run_is[run], run_is

    day, second, is_time = split_utc(rows.utc)
    yield by_row("unparsable time", ~is_time)
    yield by_row("time of 1970-01-01", (is_time & (day == 0)) | (rows.unix_time_s < 86400))
    yield by_row("wrong day", is_time & (day != 0) & _on_wrong_day(runs, day, second, (date - _EPOCH).days))
    strength = np.sqrt((rows.b_scd_nt**2).sum(axis=1))
    yield by_row("|B| out of range", ~((strength > 0) & (strength < B_LIMIT_NT)))
    yield by_row("energy not above zero", ~(rows.energy_ev > 0))
    yield by_run("more than 15 rows", (runs.size > N_CHANNELS))
    yield by_run("repeated sweep", _is_repeated(rows, runs, (day - (date - _EPOCH).days) * 86400 + second))


def _on_wrong_day(runs: Runs, day: IntArray, second: IntArray, expected: int) -> BoolArray:
    """Find rows of another day, unless their run is one sweep across midnight or close to it.

    A table may end with rows of the next date and begin with the end of a sweep of the day before.
    """
    seconds = (day - expected) * 86400 + second
    span = np.maximum.reduceat(seconds, runs.start) - np.minimum.reduceat(seconds, runs.start)
    is_far = (seconds < -NEIGHBOUR_S) | (seconds > 86400 + NEIGHBOUR_S)
    is_near = ~runs.any_row(is_far) & (span <= SWEEP_SPAN_LIMIT_S)
    return np.asarray((day != expected) & ~is_near[runs.of_row()])


def _is_repeated(rows: RawRows, runs: Runs, second: IntArray) -> BoolArray:
    """Find runs whose spectrum number stands elsewhere too, except the one to keep of each number.

    Kept is the first complete run, or else the first of copies that all start alike; parts of a sweep that something
    interrupted are not put together. Numbers start anew with each table: what a table begins with may be the rest of a
    sweep of the day before, under that day's number. `second` (R,) counts from the day's beginning.
    """
    _, number, count = np.unique(runs.spectrum_number, return_inverse=True, return_counts=True)
    is_repeated = count[number] > 1
    start = second[runs.start]
    for group in np.unique(number[is_repeated]):
        members = np.flatnonzero(number == group)
        is_rest = members[0] == 0 and runs.size[0] < N_CHANNELS and abs(start[0]) <= NEIGHBOUR_S
        if is_rest and (start[members[1:]] - start[0] > SWEEP_SPAN_LIMIT_S).all():
            is_repeated[0] = False
            members = members[1:]
        complete = members[runs.size[members] == N_CHANNELS]
        if len(complete):
            is_repeated[complete[0]] = False
        elif len(np.unique(rows.utc[runs.start[members]])) == 1:
            is_repeated[members[0]] = False
    return np.asarray(is_repeated)


def _runs_of_bad_line(bad: BadLine, rows: RawRows, runs: Runs) -> IntArray:
    """Tell which runs a damaged line may have belonged to.

    A complete run lacks nothing, so that a line beside it cost it nothing, unless it names that run and no other lacks
    a row. A line in which several rows may be lost can have belonged to both its neighbours, whatever it names.
    """
    if not len(rows.line):
        return np.zeros(0, dtype=np.int64)
    following = int(np.searchsorted(rows.line, bad.line))
    run = runs.of_row()
    near = np.unique(run[[max(following - 1, 0), min(following, len(run) - 1)]])
    named = near[runs.spectrum_number[near] == bad.spectrum_number]
    short = near[runs.size[near] < N_CHANNELS]
    if bad.rows == 1 and len(np.intersect1d(named, short)) == 1:
        return np.asarray(named)
    return np.asarray(short if len(short) else named)
