"""A map and a time line of all sweeps to point at, in Bokeh: its script of 1.3 MB is a quarter of plotly's."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from potrun.core.records import FloatArray, Region
from potrun.plots.map import cut_longitude, longitude
from potrun.plots.panels import verdict
from potrun.plots.style import U_LINEAR_V, U_TICKS_V, u_colours, volts
from potrun.plots.timeline import sweep_times
from potrun.results.quality import QualityClass
from potrun.results.run_result import RunResult

MOST_SWEEPS = 20_000
NO_FIT_COLOUR = "#c3c8cf"
NAME = "sweeps"


@dataclass(frozen=True)
class Explorer:
    """Pieces of HTML: Bokeh's own script, the script of this document, and the place it draws into."""

    library: str
    script: str
    place: str
    shown: int
    step: int


def is_there() -> bool:
    """Tell whether Bokeh is installed."""
    return find_spec("bokeh") is not None


def sweeps_to_show(result: RunResult) -> tuple[NDArray[np.int64], int]:
    """Return the sweeps with a footpoint, thinned to what a browser can take, and the step of thinning."""
    known = np.flatnonzero(np.isfinite(result["spec_projection_latitude"]))
    step = max(1, -(-len(known) // MOST_SWEEPS))
    return known[::step], step


def columns_of(result: RunResult, chosen: NDArray[np.int64], pictures: Mapping[int, str]) -> dict[str, object]:
    """Return what the page knows of each sweep.

    Parameters
    ----------
    result : RunResult
    chosen : (N,) int64
        Indices of sweeps.
    pictures : mapping of int to str
        Anchors of the sweeps that have a picture on the page, by their index.

    Returns
    -------
    dict
        Columns of N values: places in deg, time in ms since 1970, potentials in V, words.
    """
    u = result["spec_u_surface"][chosen]
    colours, norm = u_colours()
    shades = np.array([to_hex(colour) for colour in colours(norm(np.nan_to_num(u)))])
    is_sure = result["spec_u_identifiable"][chosen] & np.isfinite(u)
    colour = np.where(np.isfinite(u), shades, NO_FIT_COLOUR)
    in_sun = result["spec_projection_in_sun"][chosen]
    judged = "spec_quality_class" in result
    regions = {int(code): code.name.replace("_", " ").lower() for code in Region}
    return {
        "lon": result["spec_projection_longitude"][chosen],
        "lat": result["spec_projection_latitude"][chosen],
        "time": sweep_times(result)[chosen].astype("datetime64[ms]").astype(np.float64),
        "u": u,
        "height": stretched(u),
        "low": result["spec_u_lo95"][chosen],
        "high": result["spec_u_hi95"][chosen],
        "usc": result["spec_spacecraft_potential"][chosen],
        "colour": colour.tolist(),
        "fill": np.where(is_sure, 0.9, 0.0),
        "sure": is_sure.astype(np.int8),
        "sun": in_sun.astype(np.int8),
        "light": np.where(in_sun, "in sun", "in shadow").tolist(),
        "marker": np.where(in_sun, "circle", "square").tolist(),
        "region": [regions[int(code)] for code in result["spec_region"][chosen]],
        "class": result["spec_quality_class"][chosen] if judged else np.zeros(len(chosen), np.int8),
        "quality": [verdict(result, int(sweep), 3) or "not judged" for sweep in chosen],
        "id": [str(number) for number in result["spec_sweep_id"][chosen]],
        "utc": result["spec_utc_start"][chosen].tolist(),
        "picture": [pictures.get(int(sweep), "") for sweep in chosen],
    }


def stretched(volts_: FloatArray) -> FloatArray:
    """Spread potentials for an axis that is linear near zero and logarithmic beyond, as in the other pictures."""
    return np.asarray(np.arcsinh(volts_ / (U_LINEAR_V / 2)))


def make_explorer(result: RunResult, pictures: Mapping[int, str]) -> Explorer:
    """Build the map and the time line of a result's sweeps.

    Parameters
    ----------
    result : RunResult
        The run.
    pictures : mapping of int to str
        Anchors on the page of sweeps that have a picture there, by their index.

    Returns
    -------
    Explorer
    """
    from bokeh.embed import components
    from bokeh.layouts import column
    from bokeh.models import BooleanFilter, CDSView, ColumnDataSource, CustomJS
    from bokeh.resources import Resources

    chosen, step = sweeps_to_show(result)
    columns = columns_of(result, chosen, pictures)
    cut = cut_longitude(result["spec_projection_longitude"][chosen])
    columns["across"] = (result["spec_projection_longitude"][chosen] - cut) % 360.0 + cut
    source = ColumnDataSource(columns, name=NAME)
    view = CDSView(filter=BooleanFilter(name="keep"))
    source.selected.js_on_change("indices", CustomJS(code="window.potrunChosen && potrunChosen(cb_obj.indices)"))
    plots = column(_map(source, view, cut), _time_line(source, view), sizing_mode="stretch_width")
    script, place = components(plots, wrap_script=True)
    library = Resources(mode="inline", components=["bokeh"]).render_js()
    return Explorer(library, script, place, len(chosen), step)


def _map(source: Any, view: Any, cut: float) -> Any:
    from bokeh.models import FixedTicker, Range1d

    figure = _figure(
        width=1100,
        height=560,
        sizing_mode="scale_width",
        x_range=Range1d(cut - 2, cut + 362, bounds=(cut - 2, cut + 362)),
        y_range=Range1d(-92, 92, bounds=(-92, 92)),
        x_axis_label="selenographic longitude",
        y_axis_label="latitude (deg)",
    )
    figure.xaxis.ticker = FixedTicker(ticks=list(range(-180, 361, 60)))
    figure.xaxis.major_label_overrides = {tick: longitude(tick) for tick in range(-180, 361, 60)}
    figure.yaxis.ticker = FixedTicker(ticks=list(range(-90, 91, 30)))
    _marks(figure, "across", "lat", source, view)
    return figure


def _time_line(source: Any, view: Any) -> Any:
    from bokeh.models import FixedTicker, Range1d

    ticks = {float(stretched(np.array(tick))): volts(tick) for tick in U_TICKS_V}
    figure = _figure(
        height=260,
        sizing_mode="stretch_width",
        x_axis_type="datetime",
        y_range=Range1d(min(ticks) - 0.25, max(ticks) + 0.25),
        x_axis_label="UTC",
        y_axis_label="U (V)",
    )
    figure.yaxis.ticker = FixedTicker(ticks=list(ticks))
    figure.yaxis.major_label_overrides = ticks
    _marks(figure, "time", "height", source, view)
    return figure


def _figure(**settings: Any) -> Any:
    """Make a plot with the page's look, its tools and what it tells of a sweep."""
    from bokeh.models import HoverTool
    from bokeh.plotting import figure

    plot = figure(
        tools="pan,wheel_zoom,box_zoom,tap,reset",
        active_scroll=None,
        toolbar_location="above",
        output_backend="canvas",
        background_fill_color="#f4f5f7",
        border_fill_color="#ffffff",
        **settings,
    )
    plot.toolbar.logo = None
    plot.outline_line_color = None
    plot.grid.grid_line_color = "#ffffff"
    for axis in plot.axis:
        axis.axis_label_text_font_style = "normal"
        axis.axis_line_color = axis.major_tick_line_color = "#6b7078"
        axis.minor_tick_line_color = None
    tips = [
        ("time", "@utc"),
        ("U", "@u{+0.0} V"),
        ("95 %", "@low{+0.0} to @high{+0.0} V"),
        ("Usc", "@usc{+0.0} V"),
        ("footpoint", "@light, @lat{0.0}° @lon{0.0}°"),
        ("region", "@region"),
        ("quality", "@quality"),
        ("sweep", "@id"),
    ]
    plot.add_tools(HoverTool(tooltips=tips, limit=3))
    return plot


def _marks(plot: Any, x: str, y: str, source: Any, view: Any) -> None:
    plot.scatter(
        x,
        y,
        source=source,
        view=view,
        size=7,
        marker="marker",
        line_color="colour",
        fill_color="colour",
        fill_alpha="fill",
        line_width=1.4,
        nonselection_line_alpha=0.35,
        nonselection_fill_alpha="fill",
        selection_line_color="#d55e00",
        selection_line_width=3,
    )


def quality_words() -> list[str]:
    """Return the words of quality from the best on."""
    return [word.name.lower() for word in QualityClass]
