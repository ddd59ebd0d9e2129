"""The panels that show one sweep: data, model and residual by energy and pitch angle."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from potrun.core.records import FloatArray
from potrun.plots.style import PAPER, SHADOW, SUN, objective_name, say_nothing_here, short, volts
from potrun.results.quality import Quality, QualityClass
from potrun.results.run_result import RunResult
from potrun.results.sweeps import SweepView

PITCH_EDGES_DEG = np.arange(0, 181, 7.5)
FLUX_RANGE = (0.03, 3.0)
RESIDUAL_RANGE = 2.0
ERRORS_SHOWN = 4.0


def sweep_panels(axes: NDArray[np.object_], result: RunResult, sweep: int, view: SweepView) -> list[QuadMesh]:
    """Draw data, model and residual of one sweep, each with its title.

    Returns
    -------
    list of QuadMesh
        For the colour bars.
    """
    meshes = _sweep_line(axes, view)
    axes[0].set(ylabel="energy (eV)")
    axes[1].set_title(_parameters(result, sweep), fontsize=9.5)
    chi2 = short(float(result["spec_fit_chi2"][sweep]))
    axes[2].set_title(f"Residual: {objective_name(result)} = {chi2}\n{verdict(result, sweep)}", fontsize=9.5)
    return meshes


def measured_panel(ax: Axes, view: SweepView) -> QuadMesh | None:
    """Draw the flux as it was measured, the cells in sunlight and the spacecraft potential.

    Returns
    -------
    QuadMesh or None
        For the colour bar; None where the view does not tell the flux.
    """
    ax.set_title("Measured flux", fontsize=9.5)
    if view.measured_flux is None:
        say_nothing_here(ax, "no measured flux", has_scale=False)
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log(np.where(view.measured_flux > 0, view.measured_flux, np.nan))
    energies, grid = by_pitch(view.energy_ev, view.pitch_deg, values)
    there = np.exp(grid[np.isfinite(grid)])
    norm = LogNorm(there.min(), max(there.max(), there.min() * 10)) if len(there) else LogNorm(1, 10)
    mesh = _mesh(ax, energies, np.exp(grid), norm, "magma")
    notes = ["Measured flux"]
    if view.is_sunlit is not None and view.is_sunlit.any():
        lit = view.is_sunlit & np.isfinite(view.pitch_deg) & np.isfinite(view.energy_ev)[:, None]
        rows = np.broadcast_to(view.energy_ev[:, None], view.pitch_deg.shape)
        ax.plot(view.pitch_deg[lit], rows[lit], "x", color=SUN, markersize=4, markeredgewidth=1)
        notes.append("x: cells in sunlight")
    if np.isfinite(view.usc_v) and len(energies) and view.usc_v > energies[0] / 2:
        ax.axhline(view.usc_v, color=SHADOW, linewidth=1.4)
        notes.append(f"line: Usc = {volts(view.usc_v)} V")
    ax.set_title("\n".join([notes[0], "; ".join(notes[1:])]), fontsize=9.5)
    return mesh


def finish_panels(
    figure: Figure | SubFigure,
    axes: NDArray[np.object_],
    meshes: list[QuadMesh],
    places: tuple[tuple[float, float, float, float], ...] | None = None,
) -> None:
    """Label the pitch angles below the last line and add the colour bars, at given places of the figure or below."""
    for number, mesh in enumerate((meshes[0], meshes[2])):
        if places is not None:
            bar = figure.colorbar(mesh, cax=figure.add_axes(places[number]), orientation="horizontal")
        else:
            below = axes[:, :2] if number == 0 else axes[:, 2:]
            shape = (0.6, 45) if number == 0 else (0.9, 25)
            bar = figure.colorbar(mesh, ax=below, location="bottom", shrink=shape[0], aspect=shape[1], pad=0.02)
        bar.ax.xaxis.set_minor_locator(NullLocator())
        bar.ax.xaxis.set_major_formatter("{x:g}")
        bar.set_label(str(mesh.get_label()))
    for ax in axes[-1]:
        ax.set_xlabel("pitch angle (deg): 0 towards the Moon")
        ax.set_xticks(range(0, 181, 45))


def verdict(result: RunResult, sweep: int, most: int = 2) -> str:
    """Say in one line how far a sweep can be trusted, with the first of the reasons."""
    if "spec_quality_class" not in result:
        return ""
    flags = Quality(int(result["spec_quality"][sweep]))
    words = [str(flag.name).replace("_", " ").lower() for flag in Quality if flag and flag in flags]
    more = f" and {len(words) - most} more" if len(words) > most else ""
    word = QualityClass(int(result["spec_quality_class"][sweep])).name.lower()
    return word + (f": {', '.join(words[:most])}{more}" if words else "")


def _parameters(result: RunResult, sweep: int) -> str:
    u, ratio, beam = (result[key][sweep] for key in ("spec_u_surface", "spec_bs_over_bm", "spec_beam_amp"))
    usc = result["spec_spacecraft_potential"][sweep]
    return f"Model: U = {volts(u)} V, r = {ratio:.3f}\nbeam {beam:.2f}, Usc = {volts(usc)} V"


def _sweep_line(axes: NDArray[np.object_], view: SweepView) -> list[QuadMesh]:
    """Draw data, model and residual of one sweep."""
    if view.residual is None:
        with np.errstate(divide="ignore", invalid="ignore"):
            residual = np.where(view.is_used, np.log(view.flux) - np.log(view.model), np.nan)
        residual_norm, label = Normalize(-RESIDUAL_RANGE, RESIDUAL_RANGE), "ln(data) \N{MINUS SIGN} ln(model)"
    else:
        residual = view.residual
        residual_norm, label = Normalize(-ERRORS_SHOWN, ERRORS_SHOWN), "(counts \N{MINUS SIGN} model) / error"
    flux_norm = LogNorm(*FLUX_RANGE)
    meshes = []
    for ax, values, norm, colours in (
        (axes[0], np.log(np.where(view.flux > 0, view.flux, np.nan)), flux_norm, "cividis"),
        (axes[1], np.log(np.where(np.isfinite(view.flux), view.model, np.nan)), flux_norm, "cividis"),
        (axes[2], residual, residual_norm, "PuOr_r"),
    ):
        energies, grid = by_pitch(view.energy_ev, view.pitch_deg, values)
        shown = grid if norm is residual_norm else np.exp(grid)
        meshes.append(_mesh(ax, energies, shown, norm, colours))
        meshes[-1].set_label(label if norm is residual_norm else "flux / mean incident flux of the row")
        order = np.argsort(view.energy_ev)
        ax.plot(view.cone_edge_deg[order], view.energy_ev[order], color="white", linewidth=2.2)
        ax.plot(view.cone_edge_deg[order], view.energy_ev[order], "--", color="black", linewidth=1.1)
    return meshes


def by_pitch(energy_ev: FloatArray, pitch_deg: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Average cells in bins of pitch angle, rows sorted by energy.

    Returns
    -------
    energy_ev : (N,) float64
        The channels that exist, rising.
    mean : (N, bins) float64
        NaN in bins without a finite value.
    """
    rows = np.flatnonzero(np.isfinite(energy_ev))
    rows = rows[np.argsort(energy_ev[rows], kind="stable")]
    mean = np.full((len(rows), len(PITCH_EDGES_DEG) - 1), np.nan)
    for line, row in enumerate(rows):
        good = np.isfinite(values[row]) & np.isfinite(pitch_deg[row])
        weights = values[row][good]
        number = np.histogram(pitch_deg[row][good], PITCH_EDGES_DEG)[0]
        total = np.histogram(pitch_deg[row][good], PITCH_EDGES_DEG, weights=weights)[0]
        mean[line] = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    return energy_ev[rows], mean


def _mesh(ax: Axes, energy_ev: FloatArray, grid: FloatArray, norm: Normalize, colours: str) -> QuadMesh:
    middle = np.log(energy_ev)
    step = np.diff(middle).mean() if len(middle) > 1 else 0.4
    inner = (middle[1:] + middle[:-1]) / 2
    edges = np.exp(np.concatenate([[middle[0] - step / 2], inner, [middle[-1] + step / 2]]))
    ax.set(yscale="log", xlim=(0, 180), facecolor=PAPER)
    # Minor ticks of logarithmic axes cost more than all else in a page of many panels.
    ax.yaxis.set_minor_locator(NullLocator())
    ax.grid(visible=False)
    return ax.pcolormesh(
        PITCH_EDGES_DEG, edges, np.ma.masked_invalid(grid), norm=norm, cmap=colormaps[colours], rasterized=True
    )
