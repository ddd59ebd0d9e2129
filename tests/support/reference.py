"""Brute force: the objective on a dense grid of (U, r, A), then a simplex from the best few. Own code."""

import numpy as np
from scipy.optimize import minimize


def brute_force(batch, i, settings, n_u=500, n_r=160, n_a=14, starts=12):
    """Best chi2 found for sweep i of a batch (halekas: a sum; lillis: reduced)."""
    rows = [e for e in range(15) if batch.mask[i, e].any()]
    data = [_row(batch, i, e) for e in rows]
    is_log = settings.method == "halekas"
    offset = settings.log_offset if is_log else 0.0
    level = (lambda m: np.log(m + offset)) if is_log else (lambda m: m)
    amplitudes = np.r_[0.0, np.geomspace(0.02, 1.0, n_a - 1)] * settings.beam_amplitude_max
    u_grid = 30.0 - np.exp(np.linspace(np.log(30.0 - settings.u_max_v), np.log(30.0 - settings.u_min_v), n_u))
    r_grid = np.linspace(settings.ratio_min, settings.ratio_max, n_r)
    best = np.full((n_u, n_r), np.inf)
    where = np.zeros((n_u, n_r))
    for m, u in enumerate(u_grid):
        cost = np.zeros((n_r, n_a))
        for energy, usc, sine, pitch, flux in data:
            y = np.log(flux + offset) if is_log else flux
            drop = usc - u
            g = np.exp(-0.5 * ((energy - max(drop, settings.beam_width_ev)) / settings.beam_width_ev) ** 2) * (drop > 0)
            h = np.exp(-0.5 * ((pitch - 180.0) / settings.beam_angle_deg) ** 2)
            seen = g * h * settings.beam_amplitude_max > 1e-7
            edge = np.clip(r_grid * (1.0 + u / (energy - usc)) if energy > usc else r_grid * 0.0, 0.0, 1.0)
            lost = (sine[None, :] < edge[:, None]) & (pitch > 90.0)
            base = np.where(lost, settings.background, 1.0)
            cost += ((y[~seen] - level(base[:, ~seen])) ** 2).sum(axis=1)[:, None]
            if seen.any():
                model = base[:, None, seen] + amplitudes[None, :, None] * (g * h[seen])
                cost += ((y[seen] - level(model)) ** 2).sum(axis=2)
        best[m], where[m] = cost.min(axis=1), amplitudes[cost.argmin(axis=1)]
    order = np.argsort(best, axis=None)[:starts]
    divisor = 1.0 if is_log else max(int(batch.mask[i].sum()) - 3, 1)

    def objective(p):
        low = (settings.u_min_v, settings.ratio_min, 0.0)
        p = np.clip(p, low, (settings.u_max_v, settings.ratio_max, settings.beam_amplitude_max))
        return exact(data, p, settings, level, is_log, offset) / divisor

    found = best.min() / divisor
    for k in order:
        m, n = np.unravel_index(k, best.shape)
        start = np.array([u_grid[m], r_grid[n], where[m, n]])
        span = np.array([0.02 * abs(start[0]) + 0.5, 0.01, 0.1 * start[2] + 0.02])
        simplex = np.vstack([start, start + np.diag(span)])
        result = minimize(objective, start, method="Nelder-Mead", options={"initial_simplex": simplex, "maxfev": 150})
        found = min(found, result.fun, objective(start))
    return found


def exact(data, p, settings, level, is_log, offset):
    """Sum of squares at one point, cell by cell."""
    u, r, a = p
    out = 0.0
    for energy, usc, sine, pitch, flux in data:
        y = np.log(flux + offset) if is_log else flux
        drop = usc - u
        g = np.exp(-0.5 * ((energy - max(drop, settings.beam_width_ev)) / settings.beam_width_ev) ** 2) * (drop > 0)
        h = np.exp(-0.5 * ((pitch - 180.0) / settings.beam_angle_deg) ** 2)
        edge = np.clip(r * (1.0 + u / (energy - usc)), 0.0, 1.0) if energy > usc else 0.0
        base = np.where((pitch > 90.0) & (sine < edge), settings.background, 1.0)
        out += ((y - level(base + a * g * h)) ** 2).sum()
    return out


def _row(batch, i, e):
    mask = batch.mask[i, e]
    pitch = batch.pitch_deg[i, e, mask]
    sine = np.sin(np.radians(pitch)) ** 2
    return batch.energy_ev[i, e], batch.usc_v[i, e], sine, pitch, batch.flux[i, e, mask]
