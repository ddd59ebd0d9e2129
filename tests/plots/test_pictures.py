import datetime as dt
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import rc_context, rcParams
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.image import imread

from potrun.core.errors import UsageError
from potrun.losscone.objective_surface import ObjectiveSurface
from potrun.plots import KINDS, days_apart, draw, draw_all
from potrun.plots.binned import LEAST, bin_values, bin_width, draw_binned
from potrun.plots.chi2 import measure
from potrun.plots.examples import sweeps_at_quantiles
from potrun.plots.panels import by_pitch
from potrun.plots.strip import draw_strip
from potrun.plots.style import save
from potrun.plots.sweep import draw_sweep
from potrun.plots.timeline import hour_or_date, split_at_gaps, sweep_times
from potrun.results.load import RunResult
from potrun.results.sweeps import SweepView
from tests.support.results import PROVENANCE, make_day

DATES = [dt.date(1998, 4, 15), dt.date(1998, 4, 16), dt.date(1999, 4, 29)]


def make_run(sweeps=40, origin="simulated", **changes):
    run = RunResult.from_days([make_day(date, (15,) * sweeps) for date in DATES], {**PROVENANCE, "origin": origin})
    return RunResult({**{name: run[name] for name in run}, **changes}, run.provenance)


def load_sweep(sweep):
    energy = np.geomspace(20_000, 40, 15)
    pitch = np.tile(np.linspace(1, 179, 88), (15, 1))
    model = np.where(pitch > 140, 0.05, 1.0)
    measured = model * 1e5 / energy[:, None]
    sunlit = np.abs(pitch - 30) < 4
    used = np.ones_like(model, np.bool_)
    return SweepView(energy, pitch, model * 1.1, model, used, np.full(15, 140.0), measured, sunlit, usc_v=60.0)


def texts(figure):
    return [item.get_text() for item in figure.texts]


def nan_run():
    run = make_run()
    empty = {name: np.full_like(run[name], np.nan) for name in run if run[name].dtype == np.float64}
    return RunResult({**{name: run[name] for name in run}, **empty}, run.provenance)


def test_all_pictures_of_a_run(tmp_path):
    paths = draw_all(make_run(), tmp_path / "pictures", load_sweep)
    assert [path.stem for path in paths] == [*KINDS, "examples"]  # three days are too few for one of each
    for path in paths:
        height, width, _ = imread(path).shape
        assert width > 1000
        assert height > 500


@pytest.mark.parametrize("kind", KINDS)
def test_a_simulated_run_says_so_and_a_measured_one_does_not(kind):
    assert "SIMULATED" in texts(draw(make_run(), kind))
    assert "SIMULATED" not in texts(draw(make_run(origin="measured"), kind))


@pytest.mark.parametrize("run", [RunResult.from_days([], PROVENANCE), nan_run()], ids=["empty", "nan"])
def test_nothing_to_show_is_said(tmp_path, run):
    draw_all(run, tmp_path, load_sweep)
    for kind in KINDS:
        said = [text.get_text() for ax in draw(run, kind).axes for text in ax.texts]
        assert any(text.startswith("no ") for text in said), kind


def test_counts_stand_above_the_map():
    run = make_run()
    fitted = int(np.isfinite(run.spec_u_surface).sum())
    assert any(f"{fitted} of 120 sweeps fitted" in text for text in texts(draw(run, "map", "all")))


def test_unidentifiable_sweeps_are_hollow():
    run = make_run()
    is_sure = run.spec_u_identifiable & np.isfinite(run.spec_u_surface)
    hollow, filled = 0, 0
    for ax in draw(run, "map", "all").axes[:2]:
        for marks in ax.collections:
            points = len(marks.get_offsets())
            if len(marks.get_facecolor()):
                filled += points
            else:
                hollow += points
    assert filled == is_sure.sum()
    assert hollow == (np.isfinite(run.spec_u_surface) & ~is_sure).sum() > 0


def test_a_setting_that_asks_for_latex_costs_no_picture(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with rc_context({"text.usetex": True}):
        assert save(draw(RunResult.from_days([make_day()], PROVENANCE), "map"), tmp_path / "map.png").exists()


def test_unidentifiable_sweeps_are_hollow_by_environment_and_in_time():
    run = make_run()
    fitted = np.isfinite(run.spec_u_surface) & np.isfinite(run.spec_projection_latitude)
    sure = int((fitted & run.spec_u_identifiable).sum())
    faces = [marks.get_facecolor() for marks in draw(run, "environment").axes[0].collections]
    alphas = np.concatenate([face[:, 3] for face in faces if len(face)])
    dots = alphas[: int(fitted.sum())]
    assert (int((dots > 0).sum()), int((dots == 0).sum())) == (sure, int(fitted.sum()) - sure)
    lines = [line for ax in draw(run, "time", "all").axes for line in ax.lines if line.get_marker() == "o"]
    numbers = {True: 0, False: 0}
    for line in lines:
        numbers[line.get_markerfacecolor() == "none"] += int(np.isfinite(line.get_ydata().astype(float)).sum())
    assert numbers == {True: int(fitted.sum()) - sure, False: sure}


def test_the_caller_keeps_its_style_and_no_window_system_is_loaded():
    before = dict(rcParams)
    draw(make_run(), "chi2")
    assert dict(rcParams) == before
    assert "tkinter" not in sys.modules


def test_same_result_same_bytes(tmp_path):
    first, second = (save(draw(make_run(), "map"), tmp_path / f"{name}.png") for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_unknown_kind():
    with pytest.raises(UsageError, match="choose one of map, binned"):
        draw(make_run(), "mapp")


def test_one_sweep():
    run = make_run()
    sweep = int(np.flatnonzero(run.spec_has_fit)[0])
    u = np.linspace(-2000, 20, 40)
    surface = ObjectiveSurface(u, np.linspace(0.3, 1.1, 20), np.abs(u)[:, None] + np.full(20, run.spec_fit_chi2[sweep]))
    figure = draw_sweep(run, sweep, load_sweep(sweep), (surface, surface))
    assert any(f"{run.spec_utc_start[sweep]} UTC, spectrum number" in text for text in texts(figure))
    titles = " ".join(ax.get_title(loc="left") for ax in figure.axes)
    assert "Residual: chi2 = " in titles
    assert "Around the minimum: " in titles


def test_a_published_point_is_marked_even_far_from_the_minimum():
    run = make_run()
    sweep = int(np.flatnonzero(run.spec_has_fit)[0])
    u = np.linspace(-100, 20, 40)
    near = ObjectiveSurface(u, np.linspace(0.3, 1.1, 20), np.abs(u)[:, None] + np.full(20, run.spec_fit_chi2[sweep]))
    far = np.linspace(-2000, 20, 40)
    whole = ObjectiveSurface(far, near.ratio, near.chi2)
    figure = draw_sweep(run, sweep, load_sweep(sweep), (whole, near), published=(-160.0, 0.975))
    marked = [
        line
        for ax in figure.axes
        for line in ax.lines
        if line.get_label() == "published: \N{MINUS SIGN}160 V, r = 0.975"
    ]
    assert len(marked) == 3
    for line in marked:
        low, high = line.axes.get_xlim()
        assert low < line.get_xdata()[0] < high
        assert line.get_xdata()[0] == -160.0


def test_a_sweep_without_a_fit():
    run = make_run()
    sweep = int(np.flatnonzero(~run.spec_has_fit)[0])
    said = [text.get_text() for ax in draw_sweep(run, sweep, load_sweep(sweep)).axes for text in ax.texts]
    assert said == ["no fit: no connection", "no fit: no connection"]


def test_the_measured_flux_has_its_sunlit_cells_and_the_spacecraft_potential():
    run = make_run()
    sweep = int(np.flatnonzero(run.spec_has_fit)[0])
    for figure in (draw_sweep(run, sweep, load_sweep(sweep)), draw_strip(run, sweep, load_sweep(sweep))):
        ax = next(ax for ax in figure.axes if ax.get_title(loc="left").startswith("Measured flux"))
        marks, usc = ax.lines
        assert len(marks.get_xdata()) == load_sweep(sweep).is_sunlit.sum()
        assert set(usc.get_ydata()) == {60.0}
        assert "Usc = +60 V" in ax.get_title(loc="left")


def test_examples_stand_at_quantiles():
    run = make_run()
    chosen = sweeps_at_quantiles(run)
    chi2 = run.spec_fit_chi2[chosen]
    assert (np.diff(chi2) > 0).all()
    assert chi2[2] == pytest.approx(np.nanmedian(run.spec_fit_chi2), rel=0.05)
    assert len(sweeps_at_quantiles(make_run(sweeps=1))) <= 3


def test_values_are_reduced_in_their_bins_wherever_the_map_is_cut():
    longitude = np.array([-180.0, -175.0, 180.0, 5.0, 6.0, 7.0])
    latitude = np.array([-90.0, -85.0, 90.0, 0.0, 0.0, 0.0])
    values = np.array([1.0, 3.0, 7.0, 1.0, 5.0, 2.0])
    median = bin_values(longitude, latitude, values, 10, -180.0, np.median)
    assert median.shape == (18, 36)
    # 180 deg E is 180 deg W: the same bin.
    assert (median[0, 0], median[17, 0], median[9, 18]) == (2.0, 7.0, 2.0)
    assert np.isnan(median).sum() == 18 * 36 - 3
    number = bin_values(longitude, latitude, values, 10, -90.0, len)
    assert (number[0, 27], number[17, 27], number[9, 9]) == (2, 1, 3)


def test_bins_are_as_fine_as_the_sweeps_allow():
    run = make_run(sweeps=60)
    near = run.spec_projection_latitude / 100
    dense = RunResult(
        {**{name: run[name] for name in run}, "spec_projection_latitude": near, "spec_projection_longitude": near + 2},
        run.provenance,
    )
    assert bin_width(dense, -180.0) == 5
    assert bin_width(make_run(sweeps=1), -180.0) == 30


def test_a_median_of_one_does_not_look_like_one_of_many():
    run = make_run()
    top = draw_binned(run).axes[0]
    large, small = (marks for marks in top.collections if marks.get_array() is not None and len(marks.get_array()))
    width = [np.ptp(marks.get_paths()[0].vertices[:, 0]) for marks in (large, small)]
    assert width[1] < 0.5 * width[0]
    side = np.isfinite(run.spec_u_surface) & np.isfinite(run.spec_projection_latitude) & run.spec_projection_in_sun
    place = run.spec_projection_longitude[side], run.spec_projection_latitude[side], run.spec_u_surface[side]
    number = bin_values(*place, int(width[0]), -180.0, len)
    assert len(large.get_array()) == (number >= LEAST).sum()
    assert len(small.get_array()) == (number < LEAST).sum()


def test_the_share_at_a_bound_is_of_all_fits_whatever_the_quality():
    run = make_run()
    good = run.of_quality("good")
    assert good.whole is run
    assert good.select(np.ones(good.n_sweeps, np.bool_)).whole is not run
    assert f"of all {int(np.isfinite(run.spec_u_surface).sum())} fits" in " ".join(texts(draw(run, "binned", "good")))


def test_intervals_are_drawn_of_few_sweeps_and_never_as_a_curtain():
    def bars(run):
        return sum(
            len(marks.get_segments())
            for ax in draw(run, "time", "all").axes
            for marks in ax.collections
            if hasattr(marks, "get_segments")
        )

    run = make_run()
    told = np.isfinite(run.spec_u_surface) & np.isfinite(run.spec_u_lo68) & run.spec_u_identifiable
    assert bars(run) == told.sum() > 0
    assert bars(make_run(sweeps=600)) == 0


def test_a_date_stands_at_its_midnight_and_nothing_behind_the_data():
    midnight = date2num(np.datetime64("1998-04-16T00:00"))
    assert hour_or_date(midnight) == "1998-04-16"
    assert hour_or_date(midnight + 0.25) == "06:00"
    assert hour_or_date(midnight, last=midnight - 0.01) == ""
    for ax in draw(make_run(), "time", "all").axes:
        for text in (label.get_text() for label in ax.get_xticklabels()):
            assert re.fullmatch(r"(\d{4}-\d\d-\d\d|\d\d:\d\d)?", text), text


def test_each_day_of_a_long_run_has_its_picture(tmp_path):
    days = [dt.date(1998, 4, day) for day in range(1, 6)]
    run = RunResult.from_days([make_day(date, (15,) * 6) for date in days], {**PROVENANCE, "origin": "simulated"})
    paths = draw_all(run, tmp_path, quality="all", names=["days"])
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [f"days/{date}.png" for date in days]
    for date, chosen in days_apart(run):
        assert set(chosen.spec_utc_start.astype("<U10")) == {date}


def test_the_likelihood_shows_its_deviance_and_the_others_their_chi2():
    run = make_run()
    for method, name, column in (("likelihood", "deviance", "spec_fit_deviance_per_freedom"),
                                 ("lillis", "chi2", "spec_fit_chi2")):  # fmt: skip
        changed = RunResult({n: run[n] for n in run}, {**run.provenance, "settings": {"fitter.method": method}})
        assert measure(changed)[0] == name
        np.testing.assert_array_equal(measure(changed)[2], run[column])
        assert draw(changed, "chi2").axes[0].get_xlabel().startswith(name)


def test_the_plasma_of_all_sweeps_is_drawn_with_its_errors():
    run = make_run()
    figure = draw(run, "plasma", "good")
    labels = [ax.get_ylabel() for ax in figure.axes if ax.get_ylabel()]
    assert [label.split(" ")[0] for label in labels] == ["density", "temperature", "kappa", "spacecraft\npotential"]
    drawn = sum(len(line.get_xdata()) for ax in figure.axes for line in ax.lines if ax.get_gridspec().nrows)
    assert drawn >= 4 * np.isfinite(run.spec_electron_temperature).sum() - 40


def test_cells_are_averaged_by_pitch():
    energy, mean = by_pitch(
        np.array([100.0, np.nan, 50.0]), np.full((3, 2), 3.0), np.array([[1.0, 3.0], [9.0, 9.0], [4.0, np.nan]])
    )
    assert energy.tolist() == [50.0, 100.0]
    assert mean[:, 0].tolist() == [4.0, 2.0]
    assert np.isnan(mean[:, 1:]).all()


def test_times_with_a_leap_second_and_a_bad_one():
    times = sweep_times({"spec_utc_start": np.array(["1998-12-31T23:59:60", "garbage"])})
    assert times[0] == np.datetime64("1998-12-31T23:59:59")
    assert np.isnat(times[1])


def test_spans_are_cut_at_long_gaps_only():
    times = np.array(["1998-04-16T00", "1998-04-15T00", "1998-04-15T01", "NaT"], dtype="datetime64[s]")
    assert [span.tolist() for span in split_at_gaps(times)] == [[1, 2], [0]]
    many = np.datetime64("1998-02-01", "s") + np.arange(30) * np.timedelta64(1, "D")
    assert len(split_at_gaps(many)) == 1


def test_a_likelihood_sweep_shows_residuals_over_their_error_and_a_profile_of_u():
    run, place = make_run(), np.linspace(-300.0, -100.0, 21)
    rise = ((place + 200.0) / 40.0) ** 2
    counted = replace(load_sweep(0), residual=np.full((15, 88), 1.5), profile_u_v=place, profile_rise=rise)
    figure = draw_sweep(run, int(np.flatnonzero(run["spec_has_fit"])[0]), counted)
    shown = [text for ax in figure.findobj(Axes) for text in (ax.get_xlabel(), ax.get_ylabel(), ax.get_title("left"))]
    assert "(counts \N{MINUS SIGN} model) / error" in shown
    assert any("below its highest" in text for text in shown)
