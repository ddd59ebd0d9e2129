import datetime as dt
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.image import imread

from potrun import api
from potrun.cli import plot
from potrun.core.errors import DataError, UsageError
from potrun.core.provenance import result_settings
from potrun.core.settings import RunConfig
from potrun.losscone.objective_surface import near_minimum, objective_surface
from potrun.plots import KINDS
from potrun.results.load import load_results
from potrun.results.run_result import RunResult
from potrun.runs import redraw
from potrun.simulate.archive import simulate_archive
from tests.support.results import make_day

SETTINGS = result_settings(RunConfig())


@pytest.fixture
def file(tmp_path):
    provenance = {"origin": "simulated", "settings": SETTINGS}
    return RunResult.from_days([make_day(sweep_rows=(15,) * 40)], provenance).save(tmp_path / "run.npz")


def test_one_picture_beside_the_file(file, capsys):
    plot.command([str(file), "illumination=night"])
    out = file.with_name("run_map_night.png")
    assert capsys.readouterr().out == f"{out}\n"
    assert imread(out).shape[1] > 1000


def test_a_place_of_ones_own(file, tmp_path):
    plot.command([str(file), "kind=chi2", f"output={tmp_path / 'deep' / 'x.png'}"])
    assert (tmp_path / "deep" / "x.png").stat().st_size > 10_000


def test_illumination_keeps_the_rows_of_its_sweeps(file):
    result = load_results(file)
    night = redraw.lit(result, "night")
    assert 0 < night.n_sweeps < result.n_sweeps
    assert not night.spec_projection_in_sun.any()
    assert np.isfinite(night.spec_projection_latitude).all()
    np.testing.assert_array_equal(np.unique(night.rows_sweep_id), night.spec_sweep_id)
    assert night.n_sweeps + redraw.lit(result, "day").n_sweeps == np.isfinite(result.spec_projection_latitude).sum()


def test_a_sweep_by_place_or_number(file):
    result = load_results(file)
    assert redraw.find_sweep(result, 3) == 3
    assert redraw.find_sweep(result, int(result.spec_sweep_id[5])) == 5
    with pytest.raises(UsageError, match="places 0 to 39, numbers 1998041500001 to 1998041500040"):
        redraw.find_sweep(result, 40)


def test_the_settings_come_back_from_the_file(file):
    assert result_settings(redraw.settings_of(load_results(file))) == SETTINGS


def test_settings_of_another_version(file):
    result = load_results(file)
    result.provenance["settings"] = {"fitter.novel": 1}
    with pytest.raises(DataError, match="does not know"):
        redraw.settings_of(result)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["kind=sweep"], "go together"),
        (["kind=map", "sweep=1"], "go together"),
        (["kind=maps"], "choose one of map"),
        (["illumination=dusk"], "choose one of day, night, all"),
        (["kind=all", "display=true"], "one picture"),
        (["other.npz"], "give one NPZ file"),
    ],
)
def test_wrong_words(file, words, message):
    with pytest.raises(UsageError, match=message):
        plot.command([str(file), *words])


def test_no_window_system_is_said_and_the_picture_is_there(file, monkeypatch):
    monkeypatch.setitem(mpl.rcParams, "backend", "agg")
    with pytest.raises(UsageError, match="needs a window system"):
        plot.command([str(file), "kind=chi2", "display=true"])
    assert file.with_name("run_chi2.png").exists()


def test_exit_codes_and_one_line_errors(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "potrun.plot", str(tmp_path / "absent.npz")], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("potrun.plot: no result file at")
    assert ended.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return simulate_archive(tmp_path_factory.mktemp("archive"), [dt.date(1998, 4, 15)], 6, seed=3, truth=False)


@pytest.fixture(scope="module")
def fitted(archive, tmp_path_factory):
    result = api.run("archive=pds", f"archive.root={archive}", "tracking=off", "fitter.intervals=false")
    return result.save(tmp_path_factory.mktemp("result") / "run.npz")


def test_a_sweep_with_its_objective_and_the_page_of_examples(archive, fitted):
    sweep = int(np.flatnonzero(load_results(fitted).spec_has_fit)[0])
    plot.command([str(fitted), f"sweep={sweep}", f"root={archive}"])
    plot.command([str(fitted), "kind=examples", f"root={archive}"])
    height = imread(fitted.with_name(f"run_sweep_{sweep}.png")).shape[0]
    assert height > 1000, "the panels of the objective are there"
    assert fitted.with_name("run_examples.png").exists()


def test_the_objective_at_the_reported_parameters_is_the_reported_chi2(archive, fitted):
    result = load_results(fitted)
    sweep = int(np.flatnonzero(result.spec_has_fit)[0])
    batch, settings = redraw.sweep_loader(result, [sweep], str(archive)).batch(sweep), redraw.settings_of(result).fitter
    u, ratio, beam = (float(result[name][sweep]) for name in ("spec_u_surface", "spec_bs_over_bm", "spec_beam_amp"))
    whole = objective_surface(batch, settings, beam)
    near = near_minimum(whole, batch, settings, (u, ratio, beam))
    at_best = near.chi2[near.u_surface_v == u, near.ratio == ratio]
    assert at_best <= result.spec_fit_chi2[sweep] * (1 + 1e-9)
    assert near.chi2.min() <= whole.chi2.min()


def test_the_model_is_told_where_it_has_a_meaning(archive, fitted):
    found = load_results(fitted)
    u, usc, has_fit = (found[name].copy() for name in ("spec_u_surface", "spec_spacecraft_potential", "spec_has_fit"))
    u[0], has_fit[0], usc[1] = np.nan, False, 100.0
    changed = {"spec_u_surface": u, "spec_has_fit": has_fit, "spec_spacecraft_potential": usc}
    result = RunResult({**{name: found[name] for name in found}, **changed}, found.provenance)
    load = redraw.sweep_loader(result, range(result.n_sweeps), str(archive))
    for sweep in range(2):
        view = load(sweep)
        takes_part = view.energy_ev >= result.spec_spacecraft_potential[sweep]
        if not result.spec_has_fit[sweep]:
            takes_part[:] = False
        known = np.isfinite(view.pitch_deg)
        np.testing.assert_array_equal(np.isfinite(view.model), known & takes_part[:, None])
        assert (~takes_part).any()


def test_sweeps_of_another_archive_are_refused(fitted, tmp_path):
    other = simulate_archive(tmp_path / "other", [dt.date(1998, 4, 15)], 6, seed=4, truth=False)
    with pytest.raises(DataError, match="another file in"):
        plot.command([str(fitted), "sweep=0", f"root={other}"])
    another_day = simulate_archive(tmp_path / "day", [dt.date(1998, 4, 16)], 2, seed=4, truth=False)
    with pytest.raises(DataError, match="not in"):
        plot.command([str(fitted), "kind=examples", f"root={another_day}"])


def test_all_pictures_without_the_archive_leave_the_examples_out_and_say_so(fitted, tmp_path, capsys):
    plot.command([str(fitted), "kind=all", f"output={tmp_path / 'out'}", f"root={tmp_path / 'empty'}"])
    assert "without the page of example sweeps: no day tables" in capsys.readouterr().err
    assert {path.stem for path in (tmp_path / "out").iterdir()} == set(KINDS)


def test_the_page_of_a_finished_result(archive, fitted, capsys):
    plot.command([str(fitted), "kind=report", f"root={archive}"])
    page = fitted.with_name("run_report.html")
    assert capsys.readouterr().out == f"{page}\n"
    text = page.read_text()
    assert all(f'alt="{kind}"' in text for kind in (*KINDS, "examples"))


@pytest.mark.parametrize("kind", redraw.KINDS)
def test_a_notebook_draws_every_picture_of_the_command(archive, fitted, kind):
    result = api.load_results(fitted)
    number = int(result.spec_sweep_id[np.flatnonzero(result.spec_has_fit)[0]]) if kind == "sweep" else None
    figure = result.plot(kind, quality="all", sweep=number, root=str(archive))
    assert "SIMULATED" in [text.get_text() for text in figure.texts]


def test_a_notebook_s_mistakes_are_told(fitted):
    result = api.load_results(fitted)
    with pytest.raises(UsageError, match=r"kind='mapp' is not allowed: choose one of map, binned, time, plasma"):
        result.plot("mapp")
    with pytest.raises(UsageError, match="go together"):
        result.plot("sweep")
