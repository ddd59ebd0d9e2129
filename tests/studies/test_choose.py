import pytest

from potrun.core.errors import UsageError
from potrun.results.run_result import RunResult
from potrun.studies.choose import choose_sweep, nearest_sweep, seconds_from
from tests.support.results import make_day


@pytest.fixture(scope="module")
def result():
    return RunResult.from_days([make_day(sweep_rows=(15,) * 20)], {"origin": "simulated"})


def test_by_time_place_or_number(result):
    assert choose_sweep(result, "1998-04-15T00:04") == 3
    assert choose_sweep(result, "7") == 7
    assert choose_sweep(result, str(result.spec_sweep_id[5])) == 5
    assert seconds_from(result, 3, "1998-04-15T00:04:10") == -10


def test_a_typical_sweep_has_a_median_chi2(result):
    chosen = choose_sweep(result, None)
    below = (result.spec_fit_chi2 < result.spec_fit_chi2[chosen]).sum()
    assert abs(below - result.spec_has_fit.sum() / 2) <= 1


@pytest.mark.parametrize("wanted", ["20", "yesterday", "-1", "1998-04-15"])
def test_no_such_sweep(result, wanted):
    with pytest.raises(UsageError, match=f"study.sweep={wanted}"):
        choose_sweep(result, wanted)


def test_a_leap_second_is_no_obstacle(result):
    columns = dict(result)
    columns["spec_utc_start"] = columns["spec_utc_start"].copy()
    columns["spec_utc_start"][-1] = "1998-12-31T23:59:60"
    assert nearest_sweep(RunResult(columns, result.provenance), "1998-12-31T23:59:59") == 19
