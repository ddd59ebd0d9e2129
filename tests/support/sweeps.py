"""Simulated sweeps with known truth, made without potrun's model, for tests and benchmarks of fitters."""

from dataclasses import dataclass, replace

import numpy as np

from potrun.core.records import SweepBatch
from potrun.core.settings import FitterConfig
from potrun.losscone.normalise import normalise, objective_cells

LATITUDES = np.repeat([-78.75, -56.25, -33.75, -11.25, 11.25, 33.75, 56.25, 78.75], [4, 8, 16, 16, 16, 16, 8, 4])


@dataclass(frozen=True)
class Regime:
    """What sweeps of one kind have in common."""

    lowest_ev: float = 38.6
    usc_v: tuple[float, float] = (0.0, 0.0)
    u_v: tuple[float, float] = (-800.0, -20.0)
    edge_deg: float = 0.0
    background: float = 0.05
    counts: float = 300.0
    missing: float = 0.0
    beam_share: float = 0.4
    shuffled: bool = False
    noise: bool = True


REGIMES = {
    "sharp": Regime(),
    "soft": Regime(edge_deg=8.0),
    "bright_background": Regime(background=0.2, counts=60.0),
    "charged": Regime(usc_v=(-60.0, 30.0)),
    "gaps": Regime(missing=0.2, shuffled=True),
    "low_energies": Regime(lowest_ev=7.0, usc_v=(-10.0, 20.0), u_v=(-300.0, 5.0)),
}


def draw(regime: Regime, n_sweeps: int, seed: int, settings: FitterConfig):
    """Sweeps of a regime as a SweepBatch, and their true (U, r, A)."""
    rng = np.random.default_rng(seed)
    energy = regime.lowest_ev * (20000.0 / regime.lowest_ev) ** (np.arange(15) / 14.6)
    energy = np.tile(energy[::-1], (n_sweeps, 1))
    if regime.shuffled:
        energy = rng.permuted(energy, axis=1)
    usc = np.repeat(rng.uniform(*regime.usc_v, n_sweeps)[:, None], 15, axis=1)
    low, high = (np.log(30.0 - v) for v in regime.u_v)
    u = 30.0 - np.exp(rng.uniform(high, low, n_sweeps))
    r = rng.uniform(0.35, 1.05, n_sweeps)
    a = np.where(rng.random(n_sweeps) < regime.beam_share, rng.uniform(0.2, 3.0, n_sweeps), 0.0)
    pitch = _pitch(rng, n_sweeps)
    with np.errstate(all="ignore"):
        sine = np.clip(r[:, None] * (1 + u[:, None] / (energy - usc)), 0, 1)
        edge = 180.0 - np.degrees(np.arcsin(np.sqrt(sine)))[:, :, None]
        kept = (pitch <= edge) * 1.0 if regime.edge_deg == 0 else 1 / (1 + np.exp((pitch - edge) / regime.edge_deg))
        kept = np.where(pitch < 90, 1.0, kept)
        centre = np.maximum(usc - u[:, None], 15.0)
        beam = a[:, None] * np.exp(-0.5 * ((energy - centre) / 15.0) ** 2) * (usc > u[:, None])
        model = regime.background + (1 - regime.background) * kept
        model = model + beam[:, :, None] * np.exp(-0.5 * ((pitch - 180.0) / 7.5) ** 2)
        mean = regime.counts * (energy / 100.0)[:, :, None] ** -0.6 * model
        flux = rng.poisson(mean) if regime.noise else mean
    flux = np.where(rng.random(flux.shape) < regime.missing, np.nan, flux * 1.0)
    return batch_of(energy, usc, pitch, flux, settings), np.stack([u, r, a], axis=1)


def _pitch(rng, n_sweeps):
    field = rng.normal(size=(n_sweeps, 3))
    field /= np.linalg.norm(field, axis=1, keepdims=True)
    turn = rng.uniform(0, 360, (n_sweeps, 15, 1))
    within = np.concatenate([np.arange(n) * 360.0 / n for n in (4, 8, 16, 16, 16, 16, 8, 4)])
    phi, theta = np.radians(within + turn), np.radians(LATITUDES)
    cells = np.stack([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), np.sin(theta) + 0 * phi], axis=-1)
    return np.degrees(np.arccos(np.clip((cells * field[:, None, None, :]).sum(axis=-1), -1, 1)))


def batch_of(energy, usc, pitch, flux, settings) -> SweepBatch:
    """Normalise and mask measured flux as the pipeline does."""
    with np.errstate(all="ignore"):
        normal = normalise(flux, pitch, settings.normalisation, settings.normalisation_reference)
        mask = objective_cells(normal, flux, pitch, settings) & (energy >= usc)[..., None]
    status = np.where(mask.sum(axis=(1, 2)) < settings.min_cells, 4, 0).astype(np.int8)
    return SweepBatch(energy_ev=energy, usc_v=usc, pitch_deg=pitch, flux=normal, mask=mask, status=status)


def noise_free(regime: Regime) -> Regime:
    """The same regime without counting noise."""
    return replace(regime, noise=False)
