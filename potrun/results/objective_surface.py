"""The objective of one sweep over its parameters' whole range, for a picture of what the search was up against."""

from dataclasses import dataclass

import numpy as np

from potrun.config import FitterConfig
from potrun.losscone.objectives import evaluate
from potrun.records import FloatArray, SweepBatch

BEAM_STEPS = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
PIVOT_ABOVE_V = 10.0


@dataclass(frozen=True, eq=False)
class ObjectiveSurface:
    """The objective of one sweep over potential and field ratio.

    Parameters
    ----------
    u_surface_v : (A,) float64, V
        Surface potentials, rising.
    ratio : (B,) float64
        Ratios of the magnetic field at the spacecraft to that at the surface, rising.
    chi2 : (A, B) float64
        The objective, lowest over beam amplitudes.
    """

    u_surface_v: FloatArray
    ratio: FloatArray
    chi2: FloatArray


def objective_surface(
    sweep: SweepBatch, settings: FitterConfig, beam_amplitude: float, steps: tuple[int, int] = (160, 90)
) -> ObjectiveSurface:
    """Evaluate the objective of one sweep over all potentials and field ratios that its fit may take.

    Potentials are stepped evenly in ln(u_max + 10 V - U): finely near zero, coarsely far below it. At each place the
    best of a few beam amplitudes counts.

    Parameters
    ----------
    sweep : SweepBatch
        A batch of one sweep.
    settings : FitterConfig
        Objective and ranges.
    beam_amplitude : float
        The fitted amplitude, which is one of those tried; NaN counts as none.
    steps : tuple of int
        Number of potentials and of ratios.

    Returns
    -------
    ObjectiveSurface
    """
    pivot = settings.u_max_v + PIVOT_ABOVE_V
    u = pivot - np.geomspace(pivot - settings.u_min_v, PIVOT_ABOVE_V, steps[0])
    u[[0, -1]] = settings.u_min_v, settings.u_max_v
    ratio = np.linspace(settings.ratio_min, settings.ratio_max, steps[1])
    chi2 = np.full(steps, np.inf)
    data = sweep.energy_ev, sweep.usc_v, sweep.pitch_deg, sweep.flux, sweep.mask
    for amplitude in _amplitudes(settings, beam_amplitude):
        for line, potential in enumerate(u):
            place = np.full(steps[1], potential), ratio, np.full(steps[1], amplitude)
            with np.errstate(invalid="ignore", divide="ignore"):
                chi2[line] = np.minimum(chi2[line], evaluate(*data, *place, settings))
    return ObjectiveSurface(u, ratio, chi2)


def _amplitudes(settings: FitterConfig, fitted: float) -> list[float]:
    """Choose the beam amplitudes to try."""
    if settings.beam_amplitude_fixed is not None:
        return [settings.beam_amplitude_fixed]
    steps = {step for step in BEAM_STEPS if step <= settings.beam_amplitude_max}
    return sorted(steps | ({fitted} if np.isfinite(fitted) else set()))
