"""Pictures of a run: one idea a file, one look for all of them.

Every picture states its counts and units, and a simulated result is marked as such. Figures are made without pyplot,
so that drawing neither needs a screen nor leaves global state behind.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from potrun.core.errors import UsageError
from potrun.core.settings import PICTURES
from potrun.plots.binned import draw_binned
from potrun.plots.chi2 import draw_chi2
from potrun.plots.coverage import draw_coverage
from potrun.plots.environment import draw_environment
from potrun.plots.examples import draw_examples
from potrun.plots.map import draw_map
from potrun.plots.style import new_figure, save
from potrun.plots.time import draw_time
from potrun.results.run_result import RunResult
from potrun.results.sweeps import LoadSweep

KINDS: dict[str, Callable[[RunResult], Figure]] = {
    "map": draw_map,
    "binned": draw_binned,
    "time": draw_time,
    "chi2": draw_chi2,
    "environment": draw_environment,
    "coverage": draw_coverage,
}
"""Pictures that need the result alone; the page of example sweeps needs the archive too."""


OF_ALL_SWEEPS = ("chi2", "environment", "coverage")
"""Pictures that are about more than potentials: they show every sweep, whatever its quality."""


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
    for name in names:
        if name == "examples" and load_sweep is None:
            continue
        figure = draw_examples(result, load_sweep) if name == "examples" and load_sweep else draw(result, name, quality)
        paths.append(save(figure, folder / f"{name}.png"))
        on_picture(paths[-1])
    return paths


def warm_up() -> None:
    """Load what the first picture of a process waits for: fonts and colours."""
    figure = new_figure(2, 2)
    figure.subplots().set_title("0")
    figure.draw_without_rendering()
