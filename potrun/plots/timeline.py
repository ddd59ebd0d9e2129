"""Panels over time that are shared by pictures: gaps cut out, dates written in one way."""

from functools import partial
from typing import Any

import numpy as np
from matplotlib import dates as matplotlib_dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from potrun.results.run_result import RunResult

LONGEST_GAP = np.timedelta64(12, "h")
MOST_SPANS = 6
TICKS_IN = 1.15
"""Room for one label."""

Times = NDArray[np.datetime64]

dates: Any = matplotlib_dates


def sweep_times(result: RunResult) -> Times:
    """Return the start of each sweep; a leap second counts as the second before it, a bad time is NaT."""
    if not len(result["spec_utc_start"]):
        return np.empty(0, dtype="datetime64[s]")
    text = np.strings.replace(result["spec_utc_start"], ":60", ":59")
    try:
        return text.astype("datetime64[s]")
    except ValueError:
        return np.array([_one_time(str(item)) for item in text], dtype="datetime64[s]")


def _one_time(text: str) -> np.datetime64:
    try:
        return np.datetime64(text, "s")
    except ValueError:
        return np.datetime64("NaT", "s")


def split_at_gaps(times: Times) -> list[NDArray[np.int64]]:
    """Divide sweeps into spans without long gaps; into one if there would be too many.

    Returns
    -------
    list of int arrays
        Indices of each span, in order of time.
    """
    known = np.flatnonzero(~np.isnat(times))
    if not len(known):
        return []
    order = known[np.argsort(times[known], kind="stable")]
    cuts = np.flatnonzero(np.diff(times[order]) > LONGEST_GAP) + 1
    return np.split(order, cuts) if len(cuts) < MOST_SPANS else [order]


def span_axes(
    figure: Figure, times: Times, spans: list[NDArray[np.int64]], heights: tuple[float, ...]
) -> NDArray[np.object_]:
    """Make a column of panels for each span, as wide as it is long, the short ones wide enough to be read.

    Returns
    -------
    (rows, spans) array of Axes
        With the time axis of each column and the dates that it covers above it.
    """
    lengths = [float((times[span].max() - times[span].min()).astype(np.int64)) for span in spans]
    widths = [max(length, 0.3 * max(lengths), 1.0) for length in lengths] or [1.0]
    axes = figure.subplots(
        len(heights),
        max(len(spans), 1),
        squeeze=False,
        sharex="col",
        sharey="row",
        gridspec_kw={"height_ratios": heights, "width_ratios": widths},
    )
    for column, span in enumerate(spans):
        room_in = 0.9 * figure.get_figwidth() * widths[column] / sum(widths)
        _time_axis(axes[-1, column], times[span], room_in)
        first, last = (str(moment.astype("datetime64[D]")) for moment in (times[span].min(), times[span].max()))
        axes[0, column].set_title(first if first == last else f"{first} to {last}", fontsize=9.5)
    return axes


def _time_axis(ax: Axes, times: Times, room_in: float) -> None:
    """Put ticks at whole hours, days or months: a date stands for its midnight, an hour for itself."""
    first, last = times.min(), times.max()
    margin = max((last - first) // 50, np.timedelta64(300, "s"))
    ax.set_xlim(first - margin, last + margin)
    hours = float((last - first + 2 * margin).astype(np.int64)) / 3600
    most = max(2, int(room_in / TICKS_IN))
    for step in (0.25, 0.5, 1, 2, 3, 6, 12):
        if hours / step <= most:
            whole = dates.HourLocator(range(0, 24, int(max(step, 1))))
            ax.xaxis.set_major_locator(whole if step >= 1 else dates.MinuteLocator(range(0, 60, int(60 * step))))
            ax.xaxis.set_major_formatter(FuncFormatter(partial(hour_or_date, last=float(dates.date2num(last)))))
            return
    for days in (1, 2, 5, 10):
        if hours / 24 / days <= most:
            first_of_each = range(1, 32) if days == 1 else range(1, 31 - days // 2, days)
            ax.xaxis.set_major_locator(dates.DayLocator(first_of_each))
            break
    else:
        ax.xaxis.set_major_locator(dates.MonthLocator(interval=max(1, int(np.ceil(hours / 730 / most)))))
    ax.xaxis.set_major_formatter(FuncFormatter(partial(hour_or_date, last=float(dates.date2num(last)))))


def hour_or_date(value: float, _position: float = 0, last: float = np.inf) -> str:
    """Write a moment as its hour, midnight as the date that begins; nothing behind the last sweep."""
    if value > last:
        return ""
    moment = dates.num2date(value)
    return str(moment.strftime("%Y-%m-%d" if moment.hour == moment.minute == 0 else "%H:%M"))
