import numpy as np
import pandas as pd
import pytest

from potrun.core.composition import settings_from
from potrun.core.errors import NoDataError
from potrun.results.load import load_results
from potrun.runs.inputs import open_archive
from potrun.runs.plan import make_plan
from potrun.studies.truth import load_truth


@pytest.fixture(scope="module")
def finished(tmp_path_factory, run_small, closure_words):
    return run_small(tmp_path_factory.mktemp("run"), "experiment=closure", *closure_words)


def test_the_potential_comes_back_on_a_small_archive(finished):
    _, folder = finished
    table = pd.read_csv(folder / "closure" / "potential.csv").set_index(["by", "group"])
    every = table.loc[("all", "all")]
    assert every["sweeps"] > 25
    assert every["fitted"] == every["sweeps"]
    assert abs(every["bias/|U|"]) < 0.05
    weak = table.loc[("|U| (V)", "20-50")]
    assert abs(weak["bias (V)"]) < 5
    assert weak["scatter (V)"] < 10
    assert table.loc["light", "sweeps"].sum() == every["sweeps"]
    assert table.loc["|U| (V)", "fitted"].sum() == every["fitted"]


def test_pictures_are_drawn(finished):
    _, folder = finished
    for name in ("potential.png", "trust.png"):
        assert (folder / "closure" / name).stat().st_size > 20_000


def test_truth_is_joined_by_spectrum_number(finished, closure_words):
    outcome, _ = finished
    result = load_results(outcome.npz)
    cfg = settings_from(["experiment=closure", *closure_words])
    archive = open_archive(cfg.archive)
    truth = load_truth(archive, archive.days, result)
    np.testing.assert_array_equal(truth["utc"], result["spec_utc_start"])
    assert truth["Usc"] == pytest.approx(8.0)
    connected = result["spec_projection_polarity"] != 0
    np.testing.assert_array_equal(np.isfinite(truth["U"]), connected)
    size = np.abs(truth["U"][connected])
    assert (size >= 20).all()
    assert (size <= 1000).all()


def test_plasma_is_compared_where_it_was_found(tmp_path, run_small, closure_words):
    _, folder = run_small(tmp_path, "experiment=closure_kappa", *closure_words)
    table = pd.read_csv(folder / "closure" / "plasma.csv").set_index(["quantity", "spacecraft"])
    sun = table.loc[("Usc (V)", "sun")]
    assert sun["found"] > 0.6 * sun["sweeps"]
    assert abs(sun["bias"]) < 1
    assert abs(table.loc[("Te (eV), relative", "sun")]["bias"]) < 0.1


def test_an_archive_without_truth_is_refused_before_any_work(measured_like, tmp_path):
    words = ["studies=[closure]", "archive=pds", f"archive.root={measured_like}"]
    with pytest.raises(NoDataError, match=r"truth of 1999-04-29 is unknown.*archive=closure"):
        make_plan(settings_from(words), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.study
def test_no_field_is_found_where_potentials_know_no_place(tmp_path, run_small):
    """Truth is drawn without regard to place: a field gains nothing on it, but finds one that was put there."""
    words = ["experiment=harmonics", "archive=closure", "archive.instrument=ideal", "quality=all", "fitter=lillis"]
    _, folder = run_small(tmp_path, *words, "study.harmonics.window_days=600", "fitter.intervals=false")
    skill = pd.read_csv(folder / "harmonics" / "skill.csv").set_index("values")
    assert skill.loc["U put in", "skill of field"] < 0.02
    assert skill.loc["U found", "skill of field"] < 0.02
    assert skill.loc["known field + scatter of U", "correlation with known field"] > 0.3


@pytest.mark.study
def test_bias_is_small_in_every_group_of_the_full_closure(tmp_path, run_small):
    _, folder = run_small(tmp_path, "experiment=closure", "archive.instrument=ideal")
    table = pd.read_csv(folder / "closure" / "potential.csv").set_index(["by", "group"])
    assert table.loc[("all", "all")]["fitted"] > 1600
    assert (table["bias/|U|"].abs() < 0.05).all()
    if table["in 95 %"].notna().any():
        sure = table[table["id.: in 95 %"].notna() & (table["fitted"] * table["identifiable"] >= 100)]
        assert sure["id.: in 68 %"].between(0.60, 0.76).all()
        assert sure["id.: in 95 %"].between(0.91, 0.98).all()
