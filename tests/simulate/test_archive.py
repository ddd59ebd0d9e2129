import datetime as dt
import hashlib
import re

import numpy as np
import pytest

from potrun.core.errors import UsageError
from potrun.simulate.archive import simulate_archive, table_path
from potrun.simulate.settings import SimulationSettings

LANDMARK = dt.date(1999, 4, 29)


def digests(root):
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def truth_of(root, day):
    return np.load(root / "truth" / f"{day:%Y%m%d}.npz", allow_pickle=False)


def test_records_have_the_samples_structure(small_archive, sample_dir):
    made = (small_archive / table_path(LANDMARK)).read_bytes()
    reference = (sample_dir / "1998/213_243AUG/3D980820.TAB").read_bytes()
    length = reference.index(b"\n") + 1
    assert len(made) % length == 0

    def ends(row):
        return [match.end() for match in re.finditer(rb"\S+", row)]

    for start in range(0, len(made), length):
        row = made[start : start + length]
        assert row.endswith(b"\r\n")
        assert b"\r" not in row[:-2]
        assert len(row.split()) == 183
        assert ends(row) == ends(reference[:length])


def test_layout_is_that_of_the_public_archive(small_archive):
    names = set(digests(small_archive))
    assert names >= {
        "ORIGIN", "theta.tab", "attitude.tab", "1998/091_120APR/3D980416.TAB", "1998/335_365DEC/3D981231.TAB",
        "1999/001_031JAN/3D990101.TAB", "1999/091_120APR/3D990429.TAB", "spice_kernels/sim_lsk.tls",
        "spice_kernels/sim_pck.tpc", "spice_kernels/sim_planets.bsp", "spice_kernels/lp_sim_990401-990730.bsp",
    }  # fmt: skip
    origin = (small_archive / "ORIGIN").read_text()
    assert origin.startswith("simulated")
    assert origin.count("\n") == 1
    assert "seed 7" in origin


FOLDERS = (
    "001_031JAN", "032_059FEB", "060_090MAR", "091_120APR", "121_151MAY", "152_181JUN", "182_212JUL", "213_243AUG",
    "244_273SEP", "274_304OCT", "305_334NOV", "335_365DEC",
)  # fmt: skip


@pytest.mark.parametrize(("month", "folder"), list(enumerate(FOLDERS, start=1)))
def test_folders_are_named_by_days_and_month(month, folder):
    assert table_path(dt.date(1998, month, 20)).parts == ("1998", folder, f"3D98{month:02d}20.TAB")


def test_truth_tells_what_the_table_holds(small_archive):
    for day in (dt.date(1998, 4, 16), dt.date(1998, 12, 31)):
        truth = truth_of(small_archive, day)
        rows = [line.split() for line in (small_archive / table_path(day)).read_text().splitlines()]
        assert [row[0] for row in rows] == truth["row_utc"].tolist()
        assert [int(row[3]) for row in rows] == truth["row_spec"].tolist()
        np.testing.assert_array_equal(np.array([row[4:7] for row in rows], float), truth["row_B"])
        np.testing.assert_array_equal(np.array([row[2] for row in rows], float), truth["row_energy"])
        flux = np.array([row[7:95] for row in rows], float)
        np.testing.assert_array_equal((flux != 0) & (np.abs(flux) < 1e-90), np.isin(truth["row_flag"], (1, 2)))
        assert truth["sweep_rows"].sum() == len(rows)
        assert truth["sweep_spec"].tolist() == list(range(1, 25))


def test_days_have_both_polarities_disconnected_sweeps_sun_and_shadow(small_archive):
    for day in (dt.date(1998, 4, 16), dt.date(1998, 12, 31), dt.date(1999, 1, 1), LANDMARK):
        truth = truth_of(small_archive, day)
        assert {-1, 1} <= set(truth["sweep_polarity"].tolist())
        assert 0.3 < truth["sweep_sc_sun"].mean() < 0.8
        apart = truth["row_polarity"] == 0
        assert np.isnan(truth["row_foot_lat"][apart]).all()
        assert np.isfinite(truth["row_foot_lat"][~apart]).all()
        lit, dark = truth["sweep_foot_sun"], ~truth["sweep_foot_sun"] & np.isfinite(truth["sweep_U"])
        assert (np.abs(truth["sweep_U"][lit]) < 20.0).all()
        assert (truth["sweep_U"][dark] < -15.0).all()
    every = np.concatenate([truth_of(small_archive, d)["sweep_polarity"] for d in (dt.date(1998, 4, 16), LANDMARK)])
    assert (every == 0).any()


def test_landmark_has_its_published_values(small_archive):
    truth = truth_of(small_archive, LANDMARK)
    sweep = int(np.flatnonzero(truth["sweep_utc"] == "1999-04-29T14:45:00")[0])
    values = [truth[f"sweep_{name}"][sweep] for name in ("U", "r", "Usc")]
    assert values == [-160.0, 0.975, 11.0]
    assert truth["sweep_sc_sun"][sweep]
    assert not truth["sweep_foot_sun"][sweep]
    assert truth["sweep_polarity"][sweep] != 0


def test_leap_second_and_short_last_sweep_are_in_the_tables(small_archive):
    last = (small_archive / table_path(dt.date(1998, 12, 31))).read_bytes().split(b"\r\n")[-2]
    assert last.startswith(b"1998-12-31T23:59:60   915148800.0")
    assert truth_of(small_archive, dt.date(1998, 4, 16))["sweep_rows"].tolist() == [15] * 23 + [14]


def test_grid_changes_during_the_mission(small_archive):
    lowest = {day: truth_of(small_archive, day)["row_energy"].min() for day in (dt.date(1998, 12, 31), LANDMARK)}
    assert lowest[LANDMARK] == 38.641
    assert 6.5 < lowest[dt.date(1998, 12, 31)] < 7.5


def test_same_seed_same_bytes_whatever_the_company_and_the_workers(small_archive, tmp_path):
    days = [dt.date(1998, 4, 16), LANDMARK]
    again = digests(simulate_archive(tmp_path / "again", days, 24, 7, workers=2))
    first = digests(small_archive)
    same = [name for name in again if name.endswith((".TAB", ".npz", ".tls", ".tpc")) or "990401" in name]
    assert len(same) == 7
    assert {name: again[name] for name in same} == {name: first[name] for name in same}
    other = digests(simulate_archive(tmp_path / "other", days, 24, 8))
    assert other["1999/091_120APR/3D990429.TAB"] != again["1999/091_120APR/3D990429.TAB"]


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("potrun.simulate.archive.write_day", fail)
    with pytest.raises(OSError, match="disk full"):
        simulate_archive(tmp_path / "archive", [LANDMARK], 2, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("days", "sweeps", "seed", "words"),
    [
        ([], 2, 1, "at least one"), ([dt.date(1998, 1, 15)], 2, 1, "1998-01-16"), ([LANDMARK, LANDMARK], 2, 1, "twice"),
        ([LANDMARK], 0, 1, "1 to 1080"), ([LANDMARK], 1081, 1, "1 to 1080"), ([LANDMARK], 2, -1, "seed=-1"),
    ],
)  # fmt: skip
def test_wrong_requests_are_refused_in_one_line(tmp_path, days, sweeps, seed, words):
    with pytest.raises(UsageError, match=words):
        simulate_archive(tmp_path / "archive", days, sweeps, seed)


def test_a_root_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(UsageError, match=r"already holds mine\.txt"):
        simulate_archive(tmp_path, [LANDMARK], 2, 1)
    with pytest.raises(UsageError, match="not a folder"):
        simulate_archive(tmp_path / "mine.txt", [LANDMARK], 2, 1)


def test_first_and_last_day_of_the_mission_and_one_sweep(tmp_path):
    days = [dt.date(1998, 1, 16), dt.date(1999, 7, 29)]
    root = simulate_archive(tmp_path / "ends", days, 1, 1, SimulationSettings(scenario="ranges"), truth=False)
    assert sorted(path.name for path in root.rglob("*.TAB")) == ["3D980116.TAB", "3D990729.TAB"]
    assert not (root / "truth").exists()
