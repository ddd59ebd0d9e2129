"""Region by place and plasma over a simulated year, against the region that was put in."""

import datetime as dt

import numpy as np
import pytest

from potrun.archive.days import scan_archive
from potrun.archive.table import read_day
from potrun.core.composition import settings_from
from potrun.core.records import Region
from potrun.core.settings import RegionConfig
from potrun.geometry.compute import GeometryModel
from potrun.plasma.estimate import make_potential_model
from potrun.results.context import context_columns
from potrun.results.day import middle_rows
from potrun.simulate.archive import simulate_archive
from potrun.simulate.settings import SimulationSettings

MATCHED = RegionConfig(aberration_deg=0.0, tail_radius_re=25.5, shock_radius_re=38.8)
"""The simulator's own borders, 25 and 40 deg from full moon without aberration, at the Moon's mean distance."""


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """Region put in, whether the spacecraft is sunlit, and the regions found by the default and the matched rule."""
    root = tmp_path_factory.mktemp("year") / "archive"
    days = [dt.date(1998, 1, 17) + dt.timedelta(days=day) for day in range(365)]
    simulate_archive(root, days, 4, 0, SimulationSettings(instrument="ideal"))
    archive, cfg = scan_archive(root), settings_from([])
    model = GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path)
    plasma = make_potential_model(cfg.spacecraft_potential, cfg.device, fast=True)
    found = []
    for day in archive.days:
        table = read_day(day, root / "cache")
        geometry = model.compute(table)
        potential, place = plasma.estimate(table, geometry), middle_rows(table, geometry)
        truth = np.load(root / "truth" / f"{day.date:%Y%m%d}.npz")
        regions = [
            context_columns(table, geometry, potential, None, place, rule)["spec_region"]
            for rule in (RegionConfig(), MATCHED)
        ]
        found.append((truth["sweep_region"], truth["sweep_sc_sun"], *regions))
    return [np.concatenate(values) for values in zip(*found, strict=True)]


@pytest.mark.study
def test_shares_are_those_put_in(year):
    put_in, in_sun, found, matched = year
    for region in (Region.SOLAR_WIND, Region.MAGNETOSHEATH, Region.TAIL_LOBE, Region.PLASMA_SHEET):
        true = (put_in[in_sun] == region).mean()
        print(
            region.name, f"put in {true:.3f}", *(f"{(rule[in_sun] == region).mean():.3f}" for rule in (found, matched))
        )
        assert abs((found[in_sun] == region).mean() - true) < 0.06
        assert abs((matched[in_sun] == region).mean() - true) < 0.015
    print("agree", *((rule == put_in)[in_sun].mean() for rule in (found, matched)))
    assert (matched == put_in)[in_sun].mean() > 0.97


@pytest.mark.study
def test_what_a_dark_spacecraft_cannot_tell_is_the_sheet(year):
    """The cool plasma of the Moon's shadow hides the sheet; tail and outside are still told apart by place."""
    put_in, in_sun, _, matched = year
    in_tail = np.isin(put_in, [Region.TAIL_LOBE, Region.PLASMA_SHEET])[~in_sun]
    told = np.isin(matched, [Region.TAIL_LOBE, Region.PLASMA_SHEET])[~in_sun]
    print("dark: tail or not, agree", (told == in_tail).mean())
    assert (told == in_tail).mean() > 0.95
    assert not (matched[~in_sun] == Region.PLASMA_SHEET).any()
