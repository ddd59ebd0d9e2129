"""One sweep: data, model, residual, and the objective that its fit had to search."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from potrun.records import FloatArray, IntervalFlag
from potrun.results.objective_surface import ObjectiveSurface
from potrun.results.pictures.panels import SweepView, finish_panels, sweep_panels
from potrun.results.pictures.style import heading, new_figure, say_nothing_here, short, styled, u_axis, volts
from potrun.results.run_result import RunResult

LARGEST_EXCESS = 1.0
CONTOURS = (0.01, 0.03, 0.1, 0.3)


@styled
def draw_sweep(result: RunResult, sweep: int, view: SweepView, surface: ObjectiveSurface | None = None) -> Figure:
    """Draw one sweep: data, model and residual, and below them the objective over U and r.

    Parameters
    ----------
    result : RunResult
        The run.
    sweep : int
        Index of the sweep in the result.
    view : SweepView
        What the fit saw of it.
    surface : ObjectiveSurface, optional
        Its objective; left out if not given or if the sweep has no fit.

    Returns
    -------
    matplotlib.figure.Figure
    """
    has_fit = bool(result["spec_has_fit"][sweep])
    shows_surface = surface is not None and has_fit
    figure = new_figure(12, 8.6 if shows_surface else 4.6)
    grid = figure.add_gridspec(2 if shows_surface else 1, 3, height_ratios=(1, 1.1) if shows_surface else (1,))
    first = figure.add_subplot(grid[0, 0])
    axes = np.array([[first, *(figure.add_subplot(grid[0, n], sharex=first, sharey=first) for n in (1, 2))]])
    meshes = sweep_panels(axes[0], result, sweep, view)
    first.set_title("Data", fontsize=9.5)
    if not has_fit:
        axes[0, 1].set_title("Model", fontsize=9.5)
        axes[0, 2].set_title("Residual", fontsize=9.5)
        say_nothing_here(axes[0, 1], "no fit")
        say_nothing_here(axes[0, 2], "no fit")
    finish_panels(figure, axes, meshes)
    if surface is not None and has_fit:
        _surface(figure, figure.add_subplot(grid[1, :2]), result, sweep, surface)
        _profile(figure.add_subplot(grid[1, 2]), result, sweep, surface)
    heading(
        figure,
        f"Sweep {result['spec_spec_no'][sweep]}",
        f"{result['spec_time_start'][sweep]} UTC, spectrum number {result['spec_original_spec_no'][sweep]} of "
        f"{result['source_name'][result['spec_source_file'][sweep]]}; dashed: edge of the fitted loss cone",
        result.origin,
    )
    return figure


def _excess(chi2: FloatArray, lowest: float) -> FloatArray:
    """Return by which part the objective exceeds its minimum."""
    return np.asarray(chi2 / lowest - 1 if lowest > 0 else chi2)


def _lowest(result: RunResult, sweep: int, surface: ObjectiveSurface) -> float:
    return float(np.nanmin([result["spec_fit_chi2"][sweep], surface.chi2.min()]))


def _surface(figure: Figure, ax: Axes, result: RunResult, sweep: int, surface: ObjectiveSurface) -> None:
    """Draw the objective over both parameters, its minimum and whether that is proven."""
    excess = _excess(surface.chi2, _lowest(result, sweep, surface))
    mesh = ax.pcolormesh(
        surface.u_surface_v,
        surface.ratio,
        excess.T,
        norm=Normalize(0, LARGEST_EXCESS),
        cmap=colormaps["viridis_r"],
        shading="nearest",
        rasterized=True,
    )
    lines = ax.contour(
        surface.u_surface_v, surface.ratio, excess.T, levels=CONTOURS, colors="black", linewidths=(1.6, 1.2, 0.8, 0.5)
    )
    ax.clabel(lines, fmt={level: f"+{level:.0%}" for level in CONTOURS}, fontsize=8)
    u, ratio = result["spec_u_surface"][sweep], result["spec_bs_over_bm"][sweep]
    ax.plot(u, ratio, "*", markersize=15, color="#d55e00", markeredgecolor="white", label="reported minimum")
    low, high = float(surface.u_surface_v[0]), float(surface.u_surface_v[-1])
    u_axis(ax, "x")
    ax.set(xlim=(low, high), xlabel="surface potential U (V)", ylabel="r = B at spacecraft / B at surface")
    gap = result["spec_fit_gap"][sweep]
    proof = (
        f"global minimum proven within {gap:.2g} of chi2"
        if result["spec_fit_certified"][sweep]
        else "the search proves nothing about the global minimum"
        if np.isnan(gap)
        else f"not certified: chi2 could be lower by the part {gap:.2g}"
    )
    ax.set_title(f"Objective: chi2 = {short(float(result['spec_fit_chi2'][sweep]))}; {proof}", fontsize=9.5)
    ax.legend(loc="lower left", fontsize=9, facecolor="white", frameon=True, framealpha=0.85, edgecolor="none")
    bar = figure.colorbar(mesh, ax=ax, location="bottom", shrink=0.6, aspect=45, pad=0.02, extend="max")
    bar.set_label("chi2 above the minimum, as a part of it")


def _profile(ax: Axes, result: RunResult, sweep: int, surface: ObjectiveSurface) -> None:
    """Draw the objective's profile over U and the confidence intervals."""
    profile = _excess(surface.chi2.min(axis=1), _lowest(result, sweep, surface))
    for name, shade in (("95", 0.15), ("68", 0.3)):
        low, high = result[f"spec_u_lo{name}"][sweep], result[f"spec_u_hi{name}"][sweep]
        if np.isfinite(low) and np.isfinite(high):
            ax.axvspan(
                low, high, color="#0072b2", alpha=shade, linewidth=0, label=f"{name} %: {volts(low)} to {volts(high)} V"
            )
    ax.plot(surface.u_surface_v, profile, color="black", linewidth=1.2)
    u_axis(ax, "x")
    shown = np.isfinite(profile) & (profile < LARGEST_EXCESS)
    near = surface.u_surface_v[shown]
    if len(near) > 1:
        ax.set_xlim(near[0], near[-1])
    ax.set(ylim=(0, LARGEST_EXCESS), xlabel="surface potential U (V)")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"+{y:.0%}"))
    ax.tick_params(axis="x", rotation=45)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper center", fontsize=8.5)
    flag = IntervalFlag(int(result["spec_u_interval_flag"][sweep]))
    words = " and ".join(part.name.replace("_", " ").lower() for part in flag if part.name)
    sure = "identifiable" if result["spec_u_identifiable"][sweep] else "not identifiable"
    has_interval = np.isfinite(result["spec_u_lo95"][sweep])
    state = f": {sure}{f', {words}' if words else ''}" if has_interval else " over r and beam"
    ax.set_title(f"Profile of chi2{state}", fontsize=9.5)
