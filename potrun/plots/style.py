"""The look that all pictures share: fonts, colours, the heading with its counts, the mark of origin."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ParamSpec

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from potrun.core.atomic import atomic_file
from potrun.core.records import BoolArray, Environment

if TYPE_CHECKING:
    from potrun.results.run_result import RunResult

P = ParamSpec("P")

INK = "#22252b"
QUIET = "#6b7078"
FAINT = "#d5d8dd"
PAPER = "#f4f5f7"
SUN = "#e69f00"
SHADOW = "#0072b2"
"""Okabe and Ito's colours, told apart by readers of any colour vision."""

LIGHT = {"sun": SUN, "shadow": SHADOW}
LIGHT_LABEL = {"sun": "footpoint in sun", "shadow": "footpoint in shadow"}
ENVIRONMENT_LABEL = {code: code.name.replace("_", " ").capitalize() for code in Environment}

HEADING_IN = 0.78

U_LINEAR_V = 20.0
LOWEST_U_V = -5000.0
U_TICKS_V = (-5000, -2000, -1000, -500, -200, -100, -50, -20, 0, 20)

_RC: dict[Any, Any] = {
    # A user's own setting may ask for a latex that is not there.
    "text.usetex": False,
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.8,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "figure.dpi": 130,
    "savefig.dpi": 130,
}


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in the shared style, whatever the caller's own settings of matplotlib."""

    @wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with rc_context(_RC):
            return draw(*args, **kwargs)

    return wrapper


def plain_figure(width_in: float, height_in: float) -> Figure:
    """Make a figure whose panels stay where they are put: laying out a page of many takes longer than drawing it."""
    figure = Figure(figsize=(width_in, height_in), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def new_figure(width_in: float, height_in: float) -> Figure:
    """Make a figure that belongs to nobody else, and that lays its panels out by itself."""
    # The engine must be there before any colour bar: it decides how they are placed. The heading keeps its room.
    room = (0.01, 0.01, 0.98, 1 - HEADING_IN / height_in - 0.01)
    figure = Figure(figsize=(width_in, height_in), facecolor="white", layout=ConstrainedLayoutEngine(rect=room))
    FigureCanvasAgg(figure)
    return figure


_ORIGIN_LABEL = {
    "simulated": "SIMULATED",
    "measured": "Lunar Prospector ER, measured",
    "foreign": "written by another program",
}


def heading(figure: Figure, title: str, subtitle: str, origin: str) -> None:
    """Put the title, a line of counts and the mark of origin above the panels."""
    height = figure.get_figheight()
    figure.text(0.02, 1 - 0.14 / height, title, fontsize=15, weight="bold", va="top")
    # A letter is about 0.55 of its size wide: what would leave the page is written smaller.
    room = 0.96 * figure.get_figwidth() * 72
    size = float(np.clip(room / (0.55 * max(len(subtitle), 1)), 6.5, 10))
    figure.text(0.02, 1 - 0.46 / height, subtitle, fontsize=size, color=QUIET, va="top")
    is_simulated = origin == "simulated"
    figure.text(
        0.98,
        1 - 0.17 / height,
        _ORIGIN_LABEL[origin],
        fontsize=12 if is_simulated else 10,
        weight="bold" if is_simulated else "normal",
        color="white" if is_simulated else QUIET,
        ha="right",
        va="top",
        bbox={"boxstyle": "round,pad=0.35", "facecolor": "#b3261e", "edgecolor": "none"} if is_simulated else None,
    )


def hollow_where(result: "RunResult") -> BoolArray:
    """Tell the sweeps that are drawn hollow: not identifiable, where the run has intervals at all."""
    if not np.isfinite(result["spec_u_lo95"]).any():
        return np.zeros(result.n_sweeps, np.bool_)
    return np.asarray(~result["spec_u_identifiable"])


def say_nothing_here(ax: Axes, why: str, has_scale: bool = True) -> None:
    """Say in an empty panel why it is empty; without a scale of its own it has no ticks."""
    if not has_scale:
        ax.set(xticks=[], yticks=[])
    ax.text(0.5, 0.5, why, transform=ax.transAxes, ha="center", va="center", color=QUIET, fontsize=12)


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as a PNG whose bytes tell nothing of when and where it was drawn.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    with atomic_file(path) as stream:
        to_png(figure, stream)
    return path


def to_png(figure: Figure, stream: IO[bytes]) -> None:
    """Write a figure as a PNG into a stream."""
    with rc_context(_RC):
        engine = figure.get_layout_engine()
        if engine is not None:
            # savefig would draw everything once for the layout alone, and once more for the picture.
            engine.execute(figure)
            figure.set_layout_engine("none")
        # So would savefig again; zlib's default level takes longer for a file a tenth smaller.
        canvas: Any = FigureCanvasAgg(figure)
        canvas.print_png(stream, metadata={"Software": None}, pil_kwargs={"compress_level": 3})
        if engine is not None:
            figure.set_layout_engine(engine)


def u_colours() -> tuple[Colormap, SymLogNorm]:
    """Return the colours of surface potentials: linear within 20 V of zero, logarithmic beyond."""
    return colormaps["viridis"], SymLogNorm(linthresh=U_LINEAR_V, linscale=0.35, vmin=LOWEST_U_V, vmax=20, base=10)


def u_axis(ax: Axes, which: str = "y", lowest_v: float = LOWEST_U_V) -> None:
    """Scale an axis for surface potentials from -5000 to +20 V, with ticks in plain volts."""
    axis = ax.yaxis if which == "y" else ax.xaxis
    limits, scale = (ax.set_ylim, ax.set_yscale) if which == "y" else (ax.set_xlim, ax.set_xscale)
    scale("symlog", linthresh=U_LINEAR_V, linscale=0.6)
    limits(lowest_v * 1.15, 27)
    axis.set_major_locator(FixedLocator([tick for tick in U_TICKS_V if tick >= lowest_v]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(volts))


def volts(value: float, _position: float = 0) -> str:
    """Write a potential with a true minus sign."""
    return f"{value:+.0f}".replace("-", "\N{MINUS SIGN}").replace("+0", "0")


def objective_name(result: "RunResult") -> str:
    """Name what the fitter minimised: chi2 of the classic objectives, the deviance of counts of the likelihood."""
    method = str(result.provenance.get("settings", {}).get("fitter.method"))
    return "deviance" if method == "likelihood" else "chi2"


def short(value: float) -> str:
    """Write a number with three figures, without an exponent where it can be read without."""
    return f"{value:.0f}" if 100 <= abs(value) < 1e6 else f"{value:.3g}"


def plain_log_ticks(ax: Axes) -> None:
    """Label a logarithmic x axis in plain numbers, also between the powers of ten where few of those are in sight."""
    low, high = ax.get_xlim()
    is_short = high < 200 * low
    ax.xaxis.set_major_formatter(FuncFormatter(_plain))
    ax.xaxis.set_minor_locator(LogLocator(subs=(2, 5) if is_short else range(2, 10)))
    ax.xaxis.set_minor_formatter(FuncFormatter(_plain) if is_short else NullFormatter())


def _plain(value: float, _position: float = 0) -> str:
    return f"{value:g}"


def signed(value: float) -> str:
    """Write a number with three figures and its sign."""
    return ("+" if value > 0 else "") + short(value).replace("-", "\N{MINUS SIGN}")


def count(number: int) -> str:
    """Write a count with thin spaces between thousands."""
    return f"{number:,}".replace(",", " ")


def number_of(number: int, noun: str) -> str:
    """Write a count with its noun in the singular or plural."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def span(result: "RunResult") -> str:
    """Say which dates a result covers, and how many fitted sweeps its quality leaves out."""
    start = result["spec_utc_start"]
    left_out = f" ({count(result.left_out)} fits of lesser quality left out)" if result.left_out else ""
    if not len(start):
        return f"no sweep{left_out}" if left_out else "empty result"
    dates = np.unique(start.astype("<U10"))
    days = f"{len(dates)} days, {dates[0]} to {dates[-1]}" if len(dates) > 1 else str(dates[0])
    return days + left_out
