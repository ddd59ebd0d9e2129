import datetime as dt

import numpy as np
import pytest

from potrun.core.composition import settings_from
from potrun.core.errors import UsageError
from potrun.core.settings import SitesConfig
from potrun.plots.sites import draw_sites
from potrun.results.load import RunResult
from potrun.studies.groups import share_and_interval
from potrun.studies.run import check_studies
from potrun.studies.sites import distance_km, near_place
from tests.support.results import PROVENANCE, make_day

DEG_KM = 2 * np.pi * 1737.4 / 360


@pytest.fixture
def run():
    """Thirty sweeps 3 deg from the south pole at all longitudes, all at night, a third of them at -1500 V."""
    day = make_day(dt.date(1998, 4, 15), (15,) * 30)
    columns = {
        "spec_projection_latitude": np.full(30, -87.0),
        "spec_projection_longitude": np.linspace(-180, 168, 30),
        "spec_projection_in_sun": np.zeros(30, bool),
        "spec_u_surface": np.where(np.arange(30) % 3 == 0, -1500.0, -100.0),
    }
    return RunResult({**day.columns, **columns}, PROVENANCE)


def test_distance_along_the_surface(run):
    np.testing.assert_allclose(distance_km(run, -90.0, 0.0), 3 * DEG_KM, rtol=1e-9)
    np.testing.assert_allclose(distance_km(run, 90.0, 77.0), 177 * DEG_KM, rtol=1e-9)
    across = distance_km(run, -87.0, 360.0 - 180.0)
    assert across[0] == pytest.approx(0, abs=1e-6)
    assert across.max() <= 6 * DEG_KM + 1e-6


def test_counts_percentiles_and_shares_near_the_pole(run):
    found = {(item.light, item.region): item for item in near_place(run, "pole", (-90.0, 0.0), SitesConfig())}
    night = found["shadow", "any"]
    assert (night.sweeps, night.strong, night.share) == (30, 10, 1 / 3)
    assert night.percentiles_v[2] == -100
    assert night.is_enough
    assert night.orbits == 1
    assert night.low < 1 / 3 < night.high
    sun = found["sun", "any"]
    assert (sun.sweeps, sun.verdict) == (0, "too few: 0 of 20")
    assert np.isnan(sun.percentiles_v).all()
    assert (sun.low, sun.high) == (0, 1)


def test_nothing_is_said_of_too_few(run):
    near = near_place(run, "edge", (-87.0, -180.0), SitesConfig(radius_km=10))
    assert near[1].verdict == "too few: 1 of 20"
    assert np.isnan(near[1].percentiles_v).all()


def test_the_interval_of_a_share_is_the_exact_one():
    """0 of 30: the rule of three, exactly 1 - 0.025^(1/30); 5 of 10: Clopper and Pearson's own table."""
    assert share_and_interval(0, 30) == (0.0, 0.0, pytest.approx(1 - 0.025 ** (1 / 30)))
    share, low, high = share_and_interval(5, 10)
    assert (share, round(low, 3), round(high, 3)) == (0.5, 0.187, 0.813)


def test_the_picture_says_what_is_too_few(run):
    settings = SitesConfig(places={"pole": [-90.0, 0.0], "nowhere": [0.0, 0.0]})
    found = [item for name, place in settings.places.items() for item in near_place(run, name, place, settings)]
    said = [text.get_text() for ax in draw_sites(run, found, settings).axes for text in ax.texts]
    assert "too few: sun" in said
    assert "too few: sun, shadow" in said


def test_places_are_needed_and_checked():
    with pytest.raises(UsageError, match=r"take experiment=sites"):
        check_studies(settings_from(["studies=[sites]"]), None, [])
    with pytest.raises(UsageError, match=r"mine=\[91, 0\] is no place: give \[latitude"):
        settings_from(["experiment=sites", "+study.sites.places.mine=[91,0]"])
    places = settings_from(["experiment=sites", "+study.sites.places.mine=[12.5,-30]"]).study.sites.places
    assert places["mine"] == [12.5, -30]
    assert {"apollo_11", "luna_24", "reiner_gamma", "shackleton", "chang_e_4"} <= set(places)
