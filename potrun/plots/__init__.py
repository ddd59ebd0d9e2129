"""Pictures of a run: one idea a file, one look for all of them.

Every picture states its counts and units, and a simulated result is marked as such. Figures are made without pyplot,
so that drawing neither needs a screen nor leaves global state behind.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from potrun.core.errors import UsageError
from potrun.core.settings import PICTURES
from potrun.plots.binned import draw_binned
from potrun.plots.chi2 import draw_chi2
from potrun.plots.coverage import draw_coverage
from potrun.plots.environment import draw_environment
from potrun.plots.examples import draw_examples
from potrun.plots.map import draw_map
from potrun.plots.plasma import draw_plasma
from potrun.plots.style import new_figure, save
from potrun.plots.time import draw_time
from potrun.results.run_result import RunResult
from potrun.results.sweeps import LoadSweep

KINDS: dict[str, Callable[[RunResult], Figure]] = {
    "map": draw_map,
    "binned": draw_binned,
    "time": draw_time,
    "plasma": draw_plasma,
    "chi2": draw_chi2,
    "environment": draw_environment,
    "coverage": draw_coverage,
}
"""Pictures that need the result alone; the page of example sweeps needs the archive too."""


OF_ALL_SWEEPS = ("plasma", "chi2", "environment", "coverage")
"""Pictures that are about more than potentials: they show every sweep, whatever its quality."""


DAYS = (4, 62)
"""How many days a run has of which each gets a picture of its own."""


def draw(result: RunResult, kind: str = "map", quality: str = "good") -> Figure:
    """Draw one picture of a result; those of potentials show the sweeps of a quality.

    Raises
    ------
    UsageError
        If there is no picture of that kind.
    """
    if kind not in KINDS:
        raise UsageError(f"kind={kind!r} is not allowed: choose one of {', '.join(KINDS)}")
    return KINDS[kind](result if kind in OF_ALL_SWEEPS else result.of_quality(quality))


def draw_all(
    result: RunResult,
    folder: Path,
    load_sweep: LoadSweep | None = None,
    on_picture: Callable[[Path], None] = lambda _: None,
    quality: str = "good",
    names: Sequence[str] = PICTURES,
) -> list[Path]:
    """Draw pictures of a result into a folder.

    Parameters
    ----------
    result : RunResult
        The run.
    folder : Path
        Where ``<kind>.png`` go.
    load_sweep : callable, optional
        Gives one sweep's data and model by its index; without it the page of example sweeps is left out.
    on_picture : callable
        Called with the path of each picture once it is drawn; what it raises ends the drawing.
    quality : {"good", "usable", "all"}
        Whose potentials are drawn.
    names : sequence of str
        Which pictures, of :data:`potrun.core.settings.PICTURES`.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    paths = []
    for name, figure in _figures(result, load_sweep, quality, names):
        paths.append(save(figure, folder / f"{name}.png"))
        on_picture(paths[-1])
    return paths


def _figures(
    result: RunResult, load_sweep: LoadSweep | None, quality: str, names: Sequence[str]
) -> Iterator[tuple[str, Figure]]:
    """Draw one picture after the other, each with its name."""
    for name in names:
        if name == "days":
            for date, chosen in days_apart(result.of_quality(quality)):
                yield f"days/{date}", draw_time(chosen)
        elif name != "examples":
            yield name, draw(result, name, quality)
        elif load_sweep is not None:
            yield name, draw_examples(result, load_sweep)


def days_apart(result: RunResult) -> Iterator[tuple[str, RunResult]]:
    """Give the days of a run one by one, if they are too many for one picture and not too many for some."""
    dates = result["spec_utc_start"].astype("<U10")
    days = np.unique(dates)
    if DAYS[0] <= len(days) <= DAYS[1]:
        for date in days:
            yield str(date), result.select(dates == date)


def warm_up() -> None:
    """Load what the first picture and the page of a process wait for: fonts, colours, Bokeh."""
    figure = new_figure(2, 2)
    figure.subplots().set_title("0")
    figure.draw_without_rendering()
    if find_spec("bokeh") is not None:
        import bokeh.embed
        import bokeh.plotting  # noqa: F401
