import datetime as dt

import numpy as np
import pytest

from potrun.core.records import Region
from potrun.plots.summary import draw_summary
from potrun.results.load import RunResult
from potrun.results.quality import QualityClass
from potrun.studies.groups import by_region_and_light
from potrun.studies.summary import NUMBERS, by_day, sums
from tests.support.results import PROVENANCE, make_day

SWEEPS = 200


@pytest.fixture
def run():
    """Two days, half of the footpoints in sun, U counted up from 0 to 99 V in each light, every tenth fit poor."""
    days = [make_day(dt.date(1998, 4, day), (15,) * (SWEEPS // 2)) for day in (15, 16)]
    joined = RunResult.from_days(days, PROVENANCE)
    number = np.arange(SWEEPS)
    columns = {
        "spec_projection_latitude": np.zeros(SWEEPS),
        "spec_projection_in_sun": number % 2 == 0,
        "spec_region": np.where(number < SWEEPS // 2, Region.SOLAR_WIND, Region.TAIL_LOBE).astype(np.int8),
        "spec_u_surface": (number // 2).astype(np.float64),
        "spec_has_fit": np.ones(SWEEPS, bool),
        "spec_u_identifiable": number % 4 == 0,
        "spec_quality_class": np.where(number % 10 < 2, QualityClass.POOR, QualityClass.GOOD).astype(np.int8),
    }
    return RunResult({**{name: joined[name] for name in joined}, **columns}, PROVENANCE)


def numbers(run, chosen, taken):
    return dict(zip(NUMBERS, sums(run, chosen, taken), strict=True))


def test_counts_shares_and_percentiles_are_those_put_in(run):
    groups = by_region_and_light(run)
    wind = groups["solar wind", "sun"]
    found = numbers(run, wind, np.ones(SWEEPS, bool))
    assert found["sweeps"] == found["fitted"] == found["taken"] == 50
    assert found["identifiable share"] == 0.5
    assert found["good share"] == 0.8
    assert (found["P5 (V)"], found["median (V)"], found["P95 (V)"]) == tuple(np.percentile(np.arange(50), [5, 50, 95]))
    assert sum(chosen.sum() for chosen in groups.values()) == SWEEPS


def test_only_the_asked_quality_enters_percentiles(run):
    good = run.spec_quality_class == QualityClass.GOOD
    found = numbers(run, by_region_and_light(run)["solar wind", "sun"], good)
    assert (found["fitted"], found["taken"]) == (50, 40)


def test_days_are_apart(run):
    days = by_day(run)
    assert list(days) == [(f"1998-04-{day}", side) for day in (15, 16) for side in ("sun", "shadow")]
    assert all(chosen.sum() == 50 for chosen in days.values())


def test_what_a_result_does_not_tell_is_not_a_share_of_zero(run):
    foreign = {name: run[name] for name in run if name not in ("spec_quality_class", "spec_u_identifiable")}
    found = numbers(RunResult(foreign, PROVENANCE), np.ones(SWEEPS, bool), np.ones(SWEEPS, bool))
    assert np.isnan(found["good share"])
    assert np.isnan(found["identifiable share"])


@pytest.mark.parametrize("is_empty", [False, True])
def test_the_picture_draws_or_says_that_there_is_nothing(run, is_empty):
    shown = run.select(np.zeros(SWEEPS, bool)) if is_empty else run
    taken = np.ones(shown.n_sweeps, bool)
    regions = {key: sums(shown, chosen, taken) for key, chosen in by_region_and_light(shown).items() if chosen.any()}
    days = {key: sums(shown, chosen, taken) for key, chosen in by_day(shown).items()}
    figure = draw_summary(shown, regions, days)
    said = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert ("no sweep taken" in said) == is_empty
