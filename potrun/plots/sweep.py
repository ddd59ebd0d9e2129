"""One sweep: data, model, residual, and the objective that its fit had to search."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from potrun.core.records import FitStatus, IntervalFlag
from potrun.losscone.objective_surface import ObjectiveSurface
from potrun.plots.panels import finish_panels, measured_panel, sweep_panels
from potrun.plots.style import (
    INK,
    PAPER,
    SHADOW,
    heading,
    new_figure,
    say_nothing_here,
    styled,
    u_axis,
    volts,
)
from potrun.results.run_result import RunResult
from potrun.results.sweeps import SweepView

LARGEST_RATIO = 30.0
LEVELS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
STAR = "#d55e00"
PUBLISHED = "#cc79a7"
HIGHEST_RISE = 4.5

Surfaces = tuple[ObjectiveSurface, ObjectiveSurface]
"""The objective over its whole range, and finely around the minimum."""


@styled
def draw_sweep(
    result: RunResult,
    sweep: int,
    view: SweepView,
    surfaces: Surfaces | None = None,
    published: tuple[float, float] | None = None,
) -> Figure:
    """Draw one sweep: measured and normalised flux, model and residual, and below them the objective over U and r.

    Parameters
    ----------
    result : RunResult
        The run.
    sweep : int
        Index of the sweep in the result.
    view : SweepView
        What the fit saw of it.
    surfaces : tuple of ObjectiveSurface, optional
        Its objective over the whole range and around the minimum; left out if not given or if the sweep has no fit.
    published : tuple of float, optional
        U (V) and r that were published of the sweep.

    Returns
    -------
    matplotlib.figure.Figure
    """
    has_fit = bool(result["spec_has_fit"][sweep])
    has_profile = view.profile_u_v is not None and has_fit
    has_surfaces = has_fit and (surfaces is not None or has_profile)
    figure = new_figure(14.5, 8.8 if has_surfaces else 4.8)
    upper: Figure | SubFigure = figure
    lower: SubFigure | None = None
    if has_surfaces:
        upper, lower = figure.subfigures(2, 1, height_ratios=(1, 1.1), squeeze=False)[:, 0]
    axes = np.atleast_2d(upper.subplots(1, 4, sharex=True, sharey=True))
    raw = measured_panel(axes[0, 0], view)
    meshes = sweep_panels(axes[0, 1:], result, sweep, view)
    axes[0, 0].set_ylabel("energy (eV)")
    axes[0, 1].set_ylabel("")
    axes[0, 1].set_title("Flux over the row's incident flux", fontsize=9.5)
    if not has_fit:
        reason = FitStatus(int(result["spec_fit_status"][sweep])).name.replace("_", " ").lower()
        for ax, title in zip(axes[0, 2:], ("Model", "Residual"), strict=True):
            ax.set_title(title, fontsize=9.5)
            say_nothing_here(ax, f"no fit: {reason}")
    if not np.isfinite(view.pitch_deg).any():
        say_nothing_here(axes[0, 1], "no pitch angles")
    finish_panels(upper, axes[:, 1:], meshes)
    axes[0, 0].set_xlabel("pitch angle (deg)")
    if raw is not None:
        bar = upper.colorbar(raw, ax=axes[:, :1], location="bottom", shrink=0.9, aspect=25, pad=0.02)
        bar.ax.xaxis.set_minor_locator(NullLocator())
        bar.set_label("cm$^{-2}$ s$^{-1}$ sr$^{-1}$ eV$^{-1}$")
    if has_profile and lower is not None:
        _rise_panel(lower.subplots(), result, sweep, view, published)
    elif surfaces is not None and lower is not None:
        whole, near = surfaces
        below = lower.subplots(1, 3)
        _whole_panel(figure, below[0], result, sweep, whole)
        _near_panel(figure, below[1], result, sweep, near)
        _profile_panel(below[2], result, sweep, near)
        if published is not None:
            _mark_published(list(below), near, published)
    heading(
        figure,
        f"Sweep {result['spec_sweep_id'][sweep]}",
        f"{result['spec_utc_start'][sweep]} UTC, spectrum number {result['spec_original_spec_no'][sweep]} of "
        f"{result['source_name'][result['spec_source_file'][sweep]]}; dashed: edge of the fitted loss cone",
        result.origin,
    )
    return figure


def _whole_panel(figure: Figure, ax: Axes, result: RunResult, sweep: int, whole: ObjectiveSurface) -> None:
    """Draw the objective over the whole range of both parameters, and the reported minimum."""
    mesh = ax.pcolormesh(
        whole.u_surface_v,
        whole.ratio,
        whole.chi2.T / lowest(result, sweep, whole),
        norm=LogNorm(1, LARGEST_RATIO),
        cmap=colormaps["viridis_r"],
        shading="nearest",
        rasterized=True,
    )
    ax.plot(*_best(result, sweep), "*", markersize=13, color=STAR, markeredgecolor="white")
    u_axis(ax, "x")
    ax.set(xlim=(whole.u_surface_v[0], whole.u_surface_v[-1]), xlabel="surface potential U (V)")
    ax.set_ylabel("r = B spacecraft / B surface")
    ax.tick_params(axis="x", rotation=60)
    ax.set_title("Objective over the whole range; star: reported", fontsize=9.5)
    bar = figure.colorbar(mesh, ax=ax, location="bottom", aspect=30, pad=0.03, extend="max")
    bar.set_ticks([1, 2, 5, 10, 20])
    bar.ax.minorticks_off()
    bar.ax.xaxis.set_major_formatter("{x:.0f}")
    bar.set_label("chi2 / lowest chi2")


def _near_panel(figure: Figure, ax: Axes, result: RunResult, sweep: int, near: ObjectiveSurface) -> None:
    """Draw the objective around the minimum as contours, and whether the minimum is proven."""
    excess = near.chi2.T / lowest(result, sweep, near) - 1
    shades = colormaps["viridis_r"](np.linspace(0.02, 1, len(LEVELS)))
    mesh = ax.contourf(near.u_surface_v, near.ratio, excess, levels=LEVELS, colors=shades, extend="max")
    ax.contour(near.u_surface_v, near.ratio, excess, levels=LEVELS[1:-1], colors="black", linewidths=0.5)
    ax.plot(*_best(result, sweep), "*", markersize=13, color=STAR, markeredgecolor="white")
    ax.set(facecolor=PAPER, xlabel="surface potential U (V)")
    ax.xaxis.set_major_locator(MaxNLocator(5))
    gap = float(result["spec_fit_gap"][sweep])
    proof = (
        f"proven within {gap:.2g} of chi2"
        if result["spec_fit_certified"][sweep]
        else "minimum not proven"
        if np.isnan(gap)
        else f"not proven, gap {gap:.2g}"
    )
    ax.set_title(f"Around the minimum: {proof}", fontsize=9.5)
    bar = figure.colorbar(mesh, ax=ax, location="bottom", aspect=30, pad=0.03, ticks=LEVELS)
    bar.ax.xaxis.set_major_formatter(FuncFormatter(_percent))
    bar.set_label("chi2 above the lowest")


def _rise_panel(
    ax: Axes, result: RunResult, sweep: int, view: SweepView, published: tuple[float, float] | None
) -> None:
    """Draw how much lower ln L is at other potentials, and the confidence intervals."""
    from potrun.search.likelihood.profile import LIMITS

    assert view.profile_u_v is not None
    assert view.profile_rise is not None
    _intervals(ax, result, sweep)
    ax.plot(view.profile_u_v, view.profile_rise, color=INK, linewidth=1.2)
    for name, limit in LIMITS.items():
        ax.axhline(limit, color=INK, linewidth=0.6, linestyle=":")
        ax.text(0.005, limit, f"{name} %", transform=ax.get_yaxis_transform(), fontsize=8.5, ha="left", va="bottom")
    ax.axvline(result["spec_u_surface"][sweep], color=STAR, linewidth=1.2)
    if published is not None:
        label = f"published: {volts(published[0])} V, r = {published[1]:g}"
        ax.axvline(published[0], color=PUBLISHED, linestyle="--", linewidth=1.6, label=label)
    ax.set(ylim=(0, HIGHEST_RISE), xlabel="surface potential U (V)", ylabel="ln L below its highest, over dispersion")
    ax.xaxis.set_major_locator(MaxNLocator(9))
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper right", fontsize=8.5, frameon=True, framealpha=0.9, edgecolor="none")
    ax.set_title(f"Profile over everything but U: {_state(result, sweep)}", fontsize=9.5)


def _profile_panel(ax: Axes, result: RunResult, sweep: int, near: ObjectiveSurface) -> None:
    """Draw the objective's profile over U and the confidence intervals."""
    profile = near.chi2.min(axis=1) / lowest(result, sweep, near) - 1
    _intervals(ax, result, sweep)
    ax.plot(near.u_surface_v, profile, color=INK, linewidth=1.2)
    ax.axvline(result["spec_u_surface"][sweep], color=STAR, linewidth=1.2)
    ax.set(ylim=(0, LEVELS[-1]), xlabel="surface potential U (V)", ylabel="chi2 above the lowest")
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.yaxis.set_major_formatter(FuncFormatter(_percent))
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper right", fontsize=8.5, frameon=True, framealpha=0.9, edgecolor="none")
    ax.set_title(f"Profile over r and beam: {_state(result, sweep)}", fontsize=9.5)


def _intervals(ax: Axes, result: RunResult, sweep: int) -> None:
    """Shade the confidence intervals."""
    for name, shade in (("95", 0.15), ("68", 0.3)):
        low, high = result[f"spec_u_lo{name}"][sweep], result[f"spec_u_hi{name}"][sweep]
        if np.isfinite(low) and np.isfinite(high):
            label = f"{name} %: {volts(low)} to {volts(high)} V"
            ax.axvspan(low, high, color=SHADOW, alpha=shade, linewidth=0, label=label)


def _state(result: RunResult, sweep: int) -> str:
    """Say whether U is identifiable, and what is odd about its intervals."""
    flag = IntervalFlag(int(result["spec_u_interval_flag"][sweep]))
    words = ", ".join(part.name.replace("_", " ").lower() for part in flag if part.name)
    is_sure = "identifiable" if result["spec_u_identifiable"][sweep] else "not identifiable"
    has_interval = np.isfinite(result["spec_u_lo95"][sweep])
    return f"{is_sure}{f' ({words})' if words else ''}" if has_interval else "no interval"


def _mark_published(panels: list[Axes], near: ObjectiveSurface, published: tuple[float, float]) -> None:
    """Mark a published point in the panels that reach it, and tell where it lies in the others."""
    whole, around, profile = panels
    u, ratio = published
    label = f"published: {volts(u)} V, r = {ratio:g}"
    for ax in (whole, around):
        ax.plot(u, ratio, "D", color="none", markeredgecolor=PUBLISHED, markeredgewidth=2, markersize=9, label=label)
        ax.legend(loc="lower right", fontsize=8.5, frameon=True, framealpha=0.9, edgecolor="none")
    # A point far from the minimum widens the axes around it, and leaves paper where nothing was looked at.
    low, high = float(near.u_surface_v.min()), float(near.u_surface_v.max())
    around.set_xlim(min(low, u - 0.05 * (high - low)), max(high, u + 0.05 * (high - low)))
    profile.axvline(u, color=PUBLISHED, linestyle="--", linewidth=1.6, label=label)
    profile.legend(loc="upper right", fontsize=8.5, frameon=True, framealpha=0.9, edgecolor="none")


def lowest(result: RunResult, sweep: int, surface: ObjectiveSurface) -> float:
    """Return the lowest chi2 known, never zero, so that others can be divided by it."""
    return max(float(np.nanmin([result["spec_fit_chi2"][sweep], surface.chi2.min()])), 1e-12)


def _best(result: RunResult, sweep: int) -> tuple[float, float]:
    return float(result["spec_u_surface"][sweep]), float(result["spec_bs_over_bm"][sweep])


def _percent(value: float, _position: float = 0) -> str:
    return f"+{value * 100:.0f} %"
