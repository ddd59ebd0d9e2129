"""The kappa model from day table to record."""

import dataclasses
from dataclasses import fields

import numpy as np
import pytest

from potrun.core.errors import UsageError
from potrun.core.records import DayTable, Environment, Geometry, PotentialStatus, SpacecraftPotential
from potrun.core.settings import DeviceConfig, SpacecraftPotentialConfig
from potrun.plasma.estimate import make_potential_model
from potrun.simulate.handover import to_records
from potrun.simulate.settings import Range, SimulationSettings
from potrun.simulate.sweeps import simulate_sweeps
from tests.support.plasma_day import make_day


def make_model(fast: bool = True, batch_size: int | None = None, **settings):
    cfg = SpacecraftPotentialConfig(kind="kappa", **settings)
    return make_potential_model(cfg, DeviceConfig(name="cpu", batch_size=batch_size), fast=fast)


def simulate(count: int, seed: int = 1, **settings):
    sweeps = simulate_sweeps(count, seed, SimulationSettings(scenario="ranges", **settings))
    return sweeps, *to_records(sweeps)


def same_bytes(a: SpacecraftPotential, b: SpacecraftPotential) -> bool:
    return all(getattr(a, item.name).tobytes() == getattr(b, item.name).tobytes() for item in fields(a))


def take_sweeps(table: DayTable, geometry: Geometry, keep: np.ndarray) -> tuple[DayTable, Geometry]:
    """Keep some sweeps of a day, in the order given."""
    rows = np.concatenate([np.arange(table.sweep_start[i], table.sweep_start[i] + table.sweep_rows[i]) for i in keep])
    return keep_rows(table, geometry, rows, table.sweep_rows[keep])


def keep_rows(table: DayTable, geometry: Geometry, rows: np.ndarray, lengths: np.ndarray) -> tuple[DayTable, Geometry]:
    """Keep some rows of a day; `lengths` says how many each sweep has now."""

    def kept(record):
        return {
            item.name: getattr(record, item.name)[rows]
            for item in fields(record)
            if item.metadata.get("axes", ("",))[0] == "R" and getattr(record, item.name) is not None
        }

    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    table = dataclasses.replace(table, **kept(table), sweep_start=starts, sweep_rows=lengths)
    return table, dataclasses.replace(geometry, **kept(geometry))


def test_an_unknown_kind_is_refused():
    cfg = SpacecraftPotentialConfig()
    cfg.kind = "guess"
    with pytest.raises(UsageError, match="guess"):
        make_potential_model(cfg, DeviceConfig(), fast=True)


def test_bounds_must_be_in_order():
    with pytest.raises(UsageError, match="kappa_min"):
        SpacecraftPotentialConfig(kappa_min=6.0, kappa_max=3.0)


@pytest.mark.parametrize("grid", ["7ev", "40ev"])
def test_a_sweep_gets_the_same_bytes_in_any_company(grid):
    _, table, geometry = simulate(60, grid=grid)
    together = make_model().estimate(table, geometry)
    assert same_bytes(together, make_model(batch_size=7).estimate(table, geometry))
    order = np.random.default_rng(0).permutation(60)[:23]
    elsewhere = make_model().estimate(*take_sweeps(table, geometry, order))
    for item in fields(together):
        assert getattr(together, item.name)[order].tobytes() == getattr(elsewhere, item.name).tobytes(), item.name


def test_scipy_sweep_by_sweep_agrees():
    _, table, geometry = simulate(12, seed=4, grid="7ev", temperature_ev=Range(10.0, 200.0, "log"))
    fast, slow = (make_model(fast=fast).estimate(table, geometry) for fast in (True, False))
    np.testing.assert_array_equal(fast.status, slow.status)
    assert (fast.status == PotentialStatus.OK).sum() > 6
    np.testing.assert_allclose(fast.volts, slow.volts, atol=0.1)
    for name in ("electron_temperature_ev", "electron_density_m3", "kappa", "sigma_volts", "sigma_kappa"):
        np.testing.assert_allclose(getattr(fast, name), getattr(slow, name), rtol=0.01, atol=1e-9)


def test_order_of_energies_and_other_grids_of_the_day_do_not_matter():
    _, table, geometry = simulate(12, seed=6, grid="7ev")
    _, other_table, other_geometry = simulate(12, seed=6, grid="40ev")
    alone, other = make_model().estimate(table, geometry), make_model().estimate(other_table, other_geometry)

    def join(a, b):
        merged = {}
        for item in fields(a):
            axis = item.metadata.get("axes", ("",))[0]
            if axis == "R" and getattr(a, item.name) is not None:
                merged[item.name] = np.concatenate([getattr(a, item.name), getattr(b, item.name)])
        return merged

    mixed = dataclasses.replace(
        table,
        **join(table, other_table),
        sweep_start=np.arange(24) * 15,
        sweep_rows=np.full(24, 15),
    )
    both = make_model().estimate(mixed, dataclasses.replace(geometry, **join(geometry, other_geometry)))
    np.testing.assert_array_equal(both.volts, np.concatenate([alone.volts, other.volts]))
    backwards = np.arange(180).reshape(12, 15)[:, ::-1].reshape(-1)
    turned = make_model().estimate(*keep_rows(table, geometry, backwards, table.sweep_rows))
    np.testing.assert_allclose(turned.volts, alone.volts, atol=1e-3)


def test_lost_rows_are_borne_until_too_few_are_left():
    sweeps, table, geometry = simulate(
        3, seed=2, grid="7ev", temperature_ev=Range(30.0, 60.0), sunlit_fraction=0.0, disconnected_fraction=0.0
    )
    keep = [np.setdiff1d(np.arange(15), [3, 7]), np.arange(12, 15), np.arange(15)]
    rows = np.concatenate([15 * i + part for i, part in enumerate(keep)])
    found = make_model().estimate(*keep_rows(table, geometry, rows, np.array([len(part) for part in keep])))
    assert found.status.tolist() == [PotentialStatus.OK, PotentialStatus.TOO_FEW_CHANNELS, PotentialStatus.OK]
    assert np.isnan(found.volts[1])
    assert abs(found.volts - sweeps.truth.usc_v)[[0, 2]].max() < 10


def test_status_tells_what_went_wrong_and_fallback_fills_in():
    sweeps, table, geometry = simulate(
        4, seed=3, sunlit_fraction=1.0, temperature_ev=Range(20.0, 40.0), density_m3=Range(1e6, 1e6)
    )
    flux = table.flux.reshape(4, 15, 88).copy()
    flux[1] = 0.0
    flux[2] *= 1e3
    is_known = geometry.is_known.reshape(4, 15).copy()
    is_known[3] = False
    table = dataclasses.replace(table, flux=flux.reshape(-1, 88))
    geometry = dataclasses.replace(geometry, is_known=is_known.reshape(-1))
    expected = [
        PotentialStatus.OK,
        PotentialStatus.TOO_FEW_CHANNELS,
        PotentialStatus.NO_ROOT,
        PotentialStatus.NO_GEOMETRY,
    ]
    found = make_model().estimate(table, geometry)
    assert found.status.tolist() == expected
    assert np.isfinite(found.volts).tolist() == [True, False, False, False]
    assert np.isnan(found.electron_temperature_ev[1:]).all()
    assert found.volts[0] == pytest.approx(sweeps.truth.usc_v[0], abs=1.0)
    with_fallback = make_model(fallback_volts=8.0).estimate(table, geometry)
    assert with_fallback.status.tolist() == [PotentialStatus.OK] + [PotentialStatus.FALLBACK] * 3
    np.testing.assert_array_equal(with_fallback.volts[1:], 8.0)
    assert np.isnan(with_fallback.sigma_volts[1:]).all()


def test_a_temperature_names_the_environment():
    _, table, geometry = simulate(40, seed=9, temperature_ev=Range(8.0, 280.0, "log"))
    found = make_model().estimate(table, geometry)
    lit = geometry.footpoint_in_sun.reshape(40, 15)[:, 0] & np.isfinite(found.electron_temperature_ev)
    limits = np.searchsorted([30.0, 80.0, 150.0], found.electron_temperature_ev[lit], side="right") + 1
    np.testing.assert_array_equal(found.environment[lit], limits)
    dark = (geometry.polarity != 0).reshape(40, 15)[:, 0] & ~geometry.footpoint_in_sun.reshape(40, 15)[:, 0]
    assert (found.environment[dark] == Environment.WAKE).all()


def test_a_kappa_beyond_the_bound_is_flagged():
    _, table, geometry = simulate(
        20,
        seed=5,
        sunlit_fraction=0.0,
        kappa=Range(9.0, 9.0),
        temperature_ev=Range(30.0, 30.0),
        density_m3=Range(3e6, 3e6),
    )
    found = make_model().estimate(table, geometry)
    assert (found.status == PotentialStatus.AT_BOUND).mean() > 0.9
    assert (found.kappa == 6.0).mean() > 0.9


def test_a_day_without_sweeps_gives_an_empty_record():
    table, geometry = make_day(np.ones((0, 15, 88)))
    assert len(make_model().estimate(table, geometry).volts) == 0
