"""Example sweeps: data, model and residual side by side."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from potrun.records import BoolArray, FloatArray
from potrun.results.load import RunResult
from potrun.results.pictures.style import (
    PAPER,
    count,
    heading,
    new_figure,
    say_nothing_here,
    short,
    span,
    styled,
    volts,
)

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
PITCH_EDGES_DEG = np.arange(0, 181, 7.5)
FLUX_RANGE = (0.03, 3.0)
RESIDUAL_RANGE = 2.0


@dataclass(frozen=True, eq=False)
class SweepView:
    """One sweep as the fit saw it.

    Parameters
    ----------
    energy_ev : (E,) float64, eV
        Channels, NaN where a row does not exist.
    pitch_deg : (E, C) float64, deg
        Angle between the electrons' motion and the field line towards the Moon.
    flux, model : (E, C) float64
        Normalised flux and the model at the reported parameters, dimensionless; NaN where a cell holds none.
    is_used : (E, C) bool
        Cells that entered the objective.
    cone_edge_deg : (E,) float64, deg
        Pitch angle beyond which the model's electrons are lost to the Moon, NaN where none are.
    """

    energy_ev: FloatArray
    pitch_deg: FloatArray
    flux: FloatArray
    model: FloatArray
    is_used: BoolArray
    cone_edge_deg: FloatArray


LoadSweep = Callable[[int], SweepView]
"""Gives a sweep by its index in the result."""


@styled
def draw_examples(result: RunResult, load_sweep: LoadSweep) -> Figure:
    """Draw the sweeps at quantiles of chi2, one a line: data, model, residual.

    Parameters
    ----------
    result : RunResult
        The run.
    load_sweep : callable
        Gives a sweep's :class:`SweepView` by its index.

    Returns
    -------
    matplotlib.figure.Figure
    """
    chosen = sweeps_at_quantiles(result)
    names = [f"{quantile * 100:.0f} % quantile of chi2" for quantile in QUANTILES[: len(chosen)]]
    figure = _page(result, chosen.tolist(), names, load_sweep)
    heading(
        figure,
        "Example sweeps from good to bad fits",
        f"{span(result)}: sweeps at the {', '.join(f'{q * 100:.0f}' for q in QUANTILES)} % quantiles of chi2 "
        f"of {count(int(result['spec_has_fit'].sum()))} fits; dashed: edge of the fitted loss cone",
        result.origin,
    )
    return figure


@styled
def draw_sweep(result: RunResult, sweep: int, load_sweep: LoadSweep) -> Figure:
    """Draw one sweep: data, model and residual.

    Parameters
    ----------
    result : RunResult
        The run.
    sweep : int
        Index of the sweep in the result.
    load_sweep : callable
        Gives a sweep's :class:`SweepView` by its index.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = _page(result, [sweep], [f"sweep {result['spec_spec_no'][sweep]}"], load_sweep)
    heading(
        figure,
        f"Sweep {result['spec_spec_no'][sweep]}",
        f"{result['spec_time_start'][sweep]} UTC, spectrum number {result['spec_original_spec_no'][sweep]} of "
        f"{result['source_name'][result['spec_source_file'][sweep]]}; dashed: edge of the fitted loss cone",
        result.origin,
    )
    return figure


def sweeps_at_quantiles(result: RunResult) -> NDArray[np.int64]:
    """Return the indices of the fitted sweeps that stand at the quantiles of chi2, without repeats."""
    chi2 = result["spec_fit_chi2"]
    fitted = np.flatnonzero(result["spec_has_fit"] & np.isfinite(chi2))
    if not len(fitted):
        return fitted
    ranked = fitted[np.argsort(chi2[fitted], kind="stable")]
    place = np.round(np.array(QUANTILES) * (len(ranked) - 1)).astype(np.int64)
    return ranked[place] if len(ranked) >= len(QUANTILES) else ranked


def _page(result: RunResult, sweeps: list[int], names: list[str], load_sweep: LoadSweep) -> Figure:
    lines = max(len(sweeps), 1)
    figure = new_figure(12, 1.8 + 2.25 * lines)
    axes = figure.subplots(lines, 3, squeeze=False, sharex=True, sharey="row")
    if not sweeps:
        for ax in axes[0]:
            say_nothing_here(ax, "no fitted sweep", has_scale=False)
        return figure
    for line, (sweep, name) in enumerate(zip(sweeps, names, strict=True)):
        meshes = _sweep_line(axes[line], load_sweep(sweep))
        axes[line, 0].set_ylabel("energy (eV)")
        axes[line, 0].set_title(f"Data: {name}")
        axes[line, 1].set_title(_parameters(result, sweep), fontsize=9.5)
        axes[line, 2].set_title(f"Residual: chi2 = {short(float(result['spec_fit_chi2'][sweep]))}", fontsize=9.5)
        if line == lines - 1:
            figure.colorbar(meshes[0], ax=axes[:, :2], location="bottom", shrink=0.6, aspect=45, pad=0.02).set_label(
                "flux / mean incident flux of the row"
            )
            figure.colorbar(meshes[2], ax=axes[:, 2:], location="bottom", shrink=0.9, aspect=25, pad=0.02).set_label(
                "ln(data) \N{MINUS SIGN} ln(model)"
            )
    for ax in axes[-1]:
        ax.set_xlabel("pitch angle (deg): 0 towards the Moon")
        ax.set_xticks(range(0, 181, 45))
    return figure


def _parameters(result: RunResult, sweep: int) -> str:
    u, ratio, beam = (result[key][sweep] for key in ("spec_u_surface", "spec_bs_over_bm", "spec_beam_amp"))
    usc = result["spec_spacecraft_potential"][sweep]
    return f"Model: U = {volts(u)} V, r = {ratio:.3f}, beam {beam:.2f}, Usc = {volts(usc)} V"


def _sweep_line(axes: NDArray[np.object_], view: SweepView) -> list[QuadMesh]:
    """Draw data, model and residual of one sweep."""
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = np.where(view.is_used, np.log(view.flux) - np.log(view.model), np.nan)
    flux_norm = LogNorm(*FLUX_RANGE)
    residual_norm = Normalize(-RESIDUAL_RANGE, RESIDUAL_RANGE)
    meshes = []
    for ax, values, norm, colours in (
        (axes[0], np.log(np.where(view.flux > 0, view.flux, np.nan)), flux_norm, "cividis"),
        (axes[1], np.log(np.where(np.isfinite(view.flux), view.model, np.nan)), flux_norm, "cividis"),
        (axes[2], residual, residual_norm, "PuOr_r"),
    ):
        energies, grid = by_pitch(view.energy_ev, view.pitch_deg, values)
        shown = grid if norm is residual_norm else np.exp(grid)
        meshes.append(_mesh(ax, energies, shown, norm, colours))
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
    ax.grid(visible=False)
    return ax.pcolormesh(
        PITCH_EDGES_DEG, edges, np.ma.masked_invalid(grid), norm=norm, cmap=colormaps[colours], rasterized=True
    )
