"""The conventional search, sweep by sweep: a Latin hypercube, then differential evolution (best1bin).

Kept as an independent judge of the exact search: it shares the public objective with it and nothing else. It samples;
it proves nothing, and it can end in a local minimum. Each sweep draws from its own random stream, seeded from the
sweep's content, so its result does not depend on its neighbours or their order.
"""

import hashlib
from collections.abc import Callable

import numpy as np
from scipy.optimize import Bounds, OptimizeResult, differential_evolution, minimize
from scipy.stats import qmc

from potrun.core.interrupts import raise_if_interrupted
from potrun.core.records import FitResult, FitStatus, FloatArray, SweepBatch
from potrun.core.settings import FitterConfig
from potrun.losscone.objectives import evaluate
from potrun.search.base import OnProgress, beam_bounds, make_result
from potrun.search.intervals import intervals_of, with_intervals
from potrun.search.sampled_profile import profile_of_u

POLISH_STEP = (2.0, 0.005, 0.02)
"""Size of the first simplex of the polishing, in U (V), r and A."""

POLISH_TRIALS = 200
"""Points that the polishing may try; it starts beside a minimum."""


class DifferentialEvolutionFitter:
    """Fit with SciPy's differential evolution, started from the best of a Latin hypercube and polished by a simplex.

    Parameters
    ----------
    settings : FitterConfig

    References
    ----------
    Storn and Price 1997, doi:10.1023/A:1008202821328.
    """

    def __init__(self, settings: FitterConfig) -> None:
        self.settings = settings

    def fit(self, batch: SweepBatch, on_progress: OnProgress | None = None) -> FitResult:
        """Fit every sweep whose status is OK.

        Parameters
        ----------
        batch : SweepBatch
        on_progress : callable or None
            Called after every sweep.

        Returns
        -------
        FitResult
            Without certificate or gap.
        """
        parameters = np.full((batch.n_sweeps, 3), np.nan)
        chi2 = np.full(batch.n_sweeps, np.nan)
        ends = np.full((batch.n_sweeps, 5), np.nan)
        for i in range(batch.n_sweeps):
            sweep = batch.take(slice(i, i + 1))
            if sweep.status[0] == FitStatus.OK:
                objective = _objective_of(sweep, self.settings)
                parameters[i] = self._minimise(sweep, objective)
                chi2[i] = objective(parameters[i])
                if self.settings.intervals:
                    ends[i] = intervals_of(profile_of_u(sweep, parameters[i], self.settings), self.settings)[0]
            if on_progress is not None:
                on_progress(i + 1, chi2[i : i + 1])
        result = make_result(batch, parameters, self.settings, chi2=chi2)
        return with_intervals(result, ends, self.settings) if self.settings.intervals else result

    def _minimise(self, sweep: SweepBatch, chi2_at: Callable[[FloatArray], float]) -> FloatArray:
        """Best (U, r, A) found for a batch of one sweep."""
        search = self.settings.differential_evolution
        amplitude_min, amplitude_max = beam_bounds(self.settings)
        low = np.array([self.settings.u_min_v, self.settings.ratio_min, amplitude_min])
        high = np.array([self.settings.u_max_v, self.settings.ratio_max, amplitude_max])
        free = low < high
        rng = np.random.default_rng(_seed_of(sweep, search.seed))

        def complete(values: FloatArray) -> FloatArray:
            """Put the free parameters back among the fixed ones."""
            out = low.copy()
            out[free] = values
            return out

        def objective(values: FloatArray) -> float:
            """Objective of the free parameters alone."""
            return chi2_at(complete(values))

        hypercube = qmc.LatinHypercube(int(free.sum()), rng=rng).random(search.samples)
        start = low[free] + hypercube * (high - low)[free]
        order = np.argsort([objective(point) for point in start], kind="stable")
        bounds = Bounds(low[free], high[free])
        found = differential_evolution(
            objective,
            bounds,
            strategy="best1bin",
            init=start[order[: search.population]],
            mutation=search.mutation,
            recombination=search.recombination,
            maxiter=search.generations,
            polish=False,
            rng=rng,
            callback=_answer_signals,
        )
        return complete(_polished(objective, np.asarray(found.x), bounds, np.array(POLISH_STEP)[free]))


def _polished(
    objective: Callable[[FloatArray], float], point: FloatArray, bounds: Bounds, step: FloatArray
) -> FloatArray:
    """Walk downhill with a simplex, since no gradient exists where cells enter the cone; it never gets worse."""
    # Inwards at an upper bound, so that no corner of the simplex is folded onto another.
    simplex = np.vstack([point, point + np.diag(np.where(point + step > bounds.ub, -step, step))])
    found = minimize(
        objective,
        point,
        method="Nelder-Mead",
        bounds=bounds,
        options={"initial_simplex": simplex, "maxfev": POLISH_TRIALS, "xatol": 1e-6, "fatol": 1e-12},
    )
    return np.asarray(found.x) if found.fun < objective(point) else point


def _answer_signals(intermediate_result: OptimizeResult) -> None:  # noqa: ARG001  (SciPy asks for this name)
    """Let a signal end a search between two generations; a whole one can take longer than a signal may wait."""
    raise_if_interrupted()


def _objective_of(sweep: SweepBatch, settings: FitterConfig) -> Callable[[FloatArray], float]:
    """Bind one sweep's data to the public objective; rows without an included cell are left out."""
    rows = sweep.mask[0].any(axis=-1)
    energy, usc, pitch, flux, mask = (
        getattr(sweep, name)[0][rows] for name in ("energy_ev", "usc_v", "pitch_deg", "flux", "mask")
    )

    def objective(parameters: FloatArray) -> float:
        u, ratio, amplitude = parameters[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(evaluate(energy, usc, pitch, flux, mask, u, ratio, amplitude, settings)[0])

    return objective


def _seed_of(sweep: SweepBatch, seed: int) -> list[int]:
    """Seed of a sweep's random stream: the configured seed and a digest of what the objective sees."""
    digest = hashlib.sha256()
    rows = sweep.mask[0].any(axis=-1)
    for values in (sweep.energy_ev, sweep.usc_v, sweep.pitch_deg, sweep.flux):
        used = values[0][rows] if values.ndim == 2 else values[0][sweep.mask[0]]
        digest.update(np.ascontiguousarray(used).tobytes())
    return [seed, *np.frombuffer(digest.digest(), dtype=np.uint32).tolist()]
