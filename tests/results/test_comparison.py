import datetime as dt
import math

import numpy as np
import pytest

from potrun.core.errors import UsageError
from potrun.plots.comparison import draw_comparison
from potrun.plots.curves import draw_curves, varied_setting
from potrun.results.comparison import compare, differing_settings, summary
from potrun.results.run_result import RunResult
from tests.support.results import make_day


def make_run(method="halekas", dates=(dt.date(1998, 4, 15),), **changes):
    provenance = {
        "origin": "simulated",
        "code": "abc",
        "settings": {"fitter.method": method, "fitter.background": 0.05},
        "inputs": [{"name": "a.TAB", "sha256": "1" * 64, "size_bytes": 1}],
    }
    run = RunResult.from_days([make_day(date, (15,) * 4) for date in dates], provenance)
    return RunResult({**{name: run[name] for name in run}, **changes}, provenance)


def test_differences_by_hand():
    nan = math.nan
    first = make_run(
        spec_u_surface=np.array([-10.0, -20.0, -30.0, nan]),
        spec_fit_chi2=np.array([1.0, 2.0, 3.0, nan]),
        spec_has_fit=np.array([True, True, True, False]),
    )
    second = make_run(
        spec_u_surface=np.array([-10.0, -25.0, nan, -40.0]),
        spec_fit_chi2=np.array([1.5, 2.0, nan, 4.0]),
        spec_has_fit=np.array([True, True, False, True]),
    )
    table = summary(compare([first, second], ["A", "B"]))
    assert table["shared sweeps"] == [4, 4]
    assert table["fit fraction"] == [0.75, 0.75]
    assert table["fitted in both"][1] == 2
    assert table["difference of U, median (V)"][1] == -2.5
    assert table["|difference of U|, 95 % (V)"][1] == pytest.approx(4.75)
    assert table["same U to the bit"][1] == 0.5
    assert table["difference of chi2, median"][1] == 0.25
    assert table["difference of fit fraction"][1] == 0
    assert math.isnan(table["fitted in both"][0])


def test_sweeps_are_matched_by_start_and_number_whatever_their_place():
    both = make_run(dates=(dt.date(1998, 4, 15), dt.date(1998, 4, 16)))
    comparison = compare([both, make_run(dates=(dt.date(1998, 4, 16),))], ["A", "B"])
    assert comparison.matched.tolist() == [[4, 0], [5, 1], [6, 2], [7, 3]]
    assert (comparison.values("spec_utc_start")[:, 0] == comparison.values("spec_utc_start")[:, 1]).all()


def test_three_runs():
    comparison = compare([make_run(), make_run(), make_run("lillis")], ["A", "B", "C"])
    assert comparison.differences("spec_fit_chi2").shape == (4, 2)
    assert len(summary(comparison)["sweeps"]) == 3


def test_sweeps_that_cannot_be_told_apart_are_left_out_and_counted():
    same = make_run(spec_original_spec_no=np.array([7, 7, 8, 9]), spec_utc_start=np.array(["1970-01-01T00:00:00"] * 4))
    comparison = compare([same, same], ["A", "B"])
    assert len(comparison.matched) == 2
    assert comparison.ambiguous == (2, 2)


def test_nothing_shared_is_an_error_that_tells_the_spans():
    with pytest.raises(UsageError, match=r"share no sweep .*A: 1998-04-15.*B: 1999-01-01"):
        compare([make_run(), make_run(dates=(dt.date(1999, 1, 1),))], ["A", "B"])
    with pytest.raises(UsageError, match="two or more"):
        compare([make_run()], ["A"])


def test_what_differs_in_the_settings():
    first, second = make_run(), make_run("lillis")
    second.provenance["inputs"] = [{"name": "a.TAB", "sha256": "2" * 64, "size_bytes": 1}]
    assert differing_settings([first, second]) == {
        "fitter.method": ("halekas", "lillis"),
        "input a.TAB": ("1" * 12, "2" * 12),
    }
    assert differing_settings([first, first]) == {}


def test_the_figure_names_the_runs_and_the_origin():
    figure = draw_comparison(compare([make_run(), make_run("lillis")], ["one", "two"]))
    said = [text.get_text() for text in figure.texts]
    assert "A: one; B: two" in said
    assert "SIMULATED" in said


def test_the_figure_of_runs_without_fits_says_so():
    nan = np.full(4, math.nan)
    empty = make_run(spec_u_surface=nan, spec_fit_chi2=nan)
    figure = draw_comparison(compare([empty, empty], ["A", "B"]))
    said = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert said == ["no sweep fitted in both", "no sweep fitted in both", "no sweep has a chi2"]


def varied(name, values, **fixed):
    """Runs that differ in one setting, U doubling from one to the next."""
    runs = []
    for n, value in enumerate(values):
        run = make_run(spec_u_surface=np.array([-10.0, -20.0, -30.0, -40.0]) * 2**n)
        settings = {**run.provenance["settings"], name: value, **fixed}
        runs.append(RunResult({key: run[key] for key in run}, {**run.provenance, "settings": settings}))
    return compare(runs, [f"run {value}" for value in values])


def test_runs_stand_at_the_setting_that_was_varied():
    comparison = varied("fitter.background", [0.2, 0.02, 0.05])
    assert varied_setting(comparison) == ("fitter.background", [0.2, 0.02, 0.05])
    figure = draw_curves(comparison)
    top = figure.axes[0]
    lit = np.isfinite(comparison.results[0].spec_projection_latitude) & comparison.results[0].spec_projection_in_sun
    (line,) = (line for line in top.lines if line.get_label() == "footpoint in sun")
    u = np.array([-10.0, -20.0, -30.0, -40.0])[lit]
    assert line.get_xdata().tolist() == [0.02, 0.05, 0.2]
    expected = [np.median(u) * 2, np.median(u) * 4, np.median(u)] if lit.any() else [math.nan] * 3
    np.testing.assert_allclose(line.get_ydata(), expected)
    assert figure.axes[-1].get_xlabel() == "fitter.background"


def test_runs_that_differ_in_words_or_in_more_stand_side_by_side():
    assert varied_setting(varied("fitter.method", ["halekas", "lillis", "likelihood"])) == (None, ())
    assert varied_setting(varied("fitter.intervals", [True, False])) == (None, ())
    assert varied_setting(varied("fitter.background", [0.1, 0.1, 0.2])) == (None, ())
    figure = draw_curves(varied("fitter.method", ["halekas", "lillis", "likelihood"]))
    assert [label.get_text() for label in figure.axes[-1].get_xticklabels()] == ["run halekas", "run lillis",
                                                                                "run likelihood"]  # fmt: skip
    assert "not to be compared" in figure.axes[-1].get_title(loc="left")
