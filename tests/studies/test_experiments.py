"""Every study on a small demo archive, by the experiment that asks for it."""

import pandas as pd
import pytest

from potrun.core.composition import settings_from
from potrun.core.errors import NoDataError, UsageError
from potrun.runs.plan import make_plan
from potrun.studies.run import check_studies

TOLERANCE_V, TOLERANCE_R = 10.0, 0.02
"""How near the published fit must come out where it was put in: a step of the model in angle and energy."""


def test_the_published_sweep_comes_back(tmp_path, run_small, demo_root):
    words = ["experiment=halekas2008_figure5", f"archive.root={demo_root}", "archive.sweeps_per_day=12"]
    words.append("archive.instrument=ideal")
    _, folder = run_small(tmp_path, *words)
    table = pd.read_csv(folder / "halekas2008_figure5" / "published.csv").set_index("quantity")
    assert table.loc["Usc (V)", "found"] == 11
    assert table.loc["U (V)", "published"] == -160
    assert abs(table.loc["U (V)", "difference"]) < TOLERANCE_V
    assert abs(table.loc["r", "difference"]) < TOLERANCE_R
    assert (folder / "halekas2008_figure5" / "sweep.png").stat().st_size > 50_000


def test_the_published_sweep_needs_its_day(tmp_path, demo_root):
    words = ["experiment=halekas2008_figure5", f"archive.root={demo_root}", "archive.sweeps_per_day=12", "year=1998"]
    with pytest.raises(NoDataError, match="measured on 1999-04-29: add year=1999"):
        make_plan(settings_from([*words, "month=4", "day=15"]), tmp_path)


def test_regions_agree_with_what_was_put_in(tmp_path, run_small, demo_root, caplog):
    caplog.set_level("INFO", logger="potrun")
    words = [
        "experiment=halekas2008_regions",
        f"archive.root={demo_root}",
        "archive.sweeps_per_day=40",
        "archive.instrument=ideal",
    ]
    _, folder = run_small(tmp_path, *words)
    table = pd.read_csv(folder / "halekas2008_regions" / "regions.csv").set_index("region")
    judged = table[table["agrees"].notna() & (table["sweeps"] >= 3)]
    assert {"day side", "night, edge of the wake"} <= set(judged.index)
    assert (judged["agrees"] == "yes").all()
    assert "SIMULATED" in caplog.text
    assert "found (simulated)" in caplog.text


def test_regions_need_a_temperature(tmp_path, demo_root):
    words = [
        f"archive.root={demo_root}",
        "archive.sweeps_per_day=12",
        "studies=[halekas2008_regions]",
        "spacecraft_potential=constant",
    ]
    with pytest.raises(UsageError, match="take spacecraft_potential=kappa"):
        make_plan(settings_from(words), tmp_path)


def test_identifiability_shows_the_sweep_that_was_named(tmp_path, run_small, demo_root):
    words = [
        "experiment=identifiability",
        f"archive.root={demo_root}",
        "archive.sweeps_per_day=12",
        "year=1999",
        "month=4",
    ]
    outcome, folder = run_small(tmp_path, *words, "study.sweep=1999-04-29T14:44")
    valley = pd.read_csv(folder / "identifiability" / "valley.csv")
    assert (valley["width (V)"].diff().dropna() >= 0).all()
    assert (valley["lowest U (V)"] <= valley["highest U (V)"]).all()
    picture = folder / "identifiability" / "objective.png"
    before = picture.stat().st_mtime_ns
    again, _ = run_small(tmp_path, *words, "study.sweep=1999-04-29T14:44")
    assert not again.is_new
    assert picture.stat().st_mtime_ns == before
    other, _ = run_small(tmp_path, *words, "study.sweep=3")
    assert other.is_new
    assert picture.stat().st_mtime_ns != before
    assert outcome.npz == other.npz


def test_throughput_tells_speed_and_memory(tmp_path, run_small, demo_root):
    words = [f"archive.root={demo_root}", "archive.sweeps_per_day=12", "year=1999", "month=1", "device=cpu"]
    small = ["study.throughput_sweeps=40", "study.throughput_seconds=0.1", "device.batch_size=16"]
    _, folder = run_small(tmp_path, *words, *small, "studies=[throughput]")
    table = pd.read_csv(folder / "throughput" / "throughput.csv").iloc[0]
    assert table["batch size"] == 16
    assert table["sweeps/s"] > 1
    assert table["memory of the process (MB)"] > 50
    assert table["memory of the fit (MB)"] >= 0


def test_the_map_of_an_objective_is_refused_where_there_is_none():
    with pytest.raises(UsageError, match="choose one of them, or read spec_u_lo95"):
        check_studies(settings_from(["studies=[identifiability]", "fitter=likelihood"]), None, [])


def test_summary_and_sites_leave_tables_and_pictures(tmp_path, run_small, demo_root):
    """One run for both: they ask the same result."""
    words = ["experiment=sites", f"archive.root={demo_root}", "archive.sweeps_per_day=12", "archive.instrument=ideal"]
    outcome, folder = run_small(tmp_path, *words, "studies=[summary,sites]", "study.sites.radius_km=1000")
    days = pd.read_csv(folder / "summary" / "days.csv")
    regions = pd.read_csv(folder / "summary" / "regions.csv").set_index(["region", "light"])
    assert days["sweeps"].sum() == regions["sweeps"].drop(("all", "all")).sum() <= 60
    assert "| solar wind | sun |" in (folder / "summary" / "regions.md").read_text(encoding="utf-8")
    sites = pd.read_csv(folder / "sites" / "sites.csv")
    assert sites["place"].nunique() == 22
    told = sites[sites["sweeps"] > 0]
    assert (told["95 % from"] <= told["P(|U| > 1000 V)"]).all()
    for name in ("summary", "sites"):
        assert (folder / name / f"{name}.png").stat().st_size > 30_000
    assert outcome.is_new


@pytest.mark.parametrize("study", ["terminator", "halekas2008_regions"])
def test_regions_need_an_electron_temperature(study):
    with pytest.raises(UsageError, match="take spacecraft_potential=kappa"):
        check_studies(settings_from([f"studies=[{study}]", "spacecraft_potential=constant"]), None, [])
