"""The last lines of a run say what the arrays hold."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from potrun.core.records import ArchiveDay, AtBound, FitStatus
from potrun.results.quality import Quality, QualityClass
from potrun.results.run_result import RunResult
from potrun.results.statistics import statistics
from potrun.runs.closing import fit_lines, lay_out, place, seconds_line, truth_line
from tests.support.results import PROVENANCE, make_day

NAN = float("nan")
GOOD, USABLE, POOR = QualityClass
DAY = ArchiveDay(dt.date(1998, 4, 15), Path("1998/x/3D980415.TAB"), "1998/x/3D980415.TAB")


def by_hand(**changes):
    """Eight sweeps: two good in sun, three good and one poor in shadow, two without a fit."""
    columns = dict(make_day(sweep_rows=(15,) * 8).columns)
    u = np.array([5.0, 9.0, -50.0, -100.0, -200.0, -2000.0, NAN, NAN])
    no_fit = np.isnan(u)
    columns |= {
        "spec_u_surface": u,
        "spec_has_fit": ~no_fit,
        "spec_fit_status": np.array([0] * 6 + [FitStatus.NO_CONNECTION, FitStatus.TOO_FEW_CELLS], np.int8),
        "spec_at_bound": np.array([0, 0, 0, 0, 0, AtBound.U_LOWER, 0, 0], np.int8),
        "spec_projection_latitude": np.zeros(8),
        "spec_projection_in_sun": np.array([True, True] + [False] * 6),
        "spec_u_lo68": u - 5,
        "spec_u_hi68": u + 5,
        "spec_u_lo95": u - 10,
        "spec_u_hi95": u + 10,
        "spec_u_identifiable": np.array([True] * 5 + [False] * 3),
        "spec_quality": np.array([0] * 5 + [Quality.NOT_IDENTIFIABLE | Quality.AT_BOUND] + [Quality.NO_FIT] * 2),
        "spec_quality_class": np.array([GOOD] * 5 + [POOR] * 3, np.int8),
        **changes,
    }
    return RunResult(columns, PROVENANCE)


def lines_of(result, quality="good"):
    return dict(fit_lines(result, quality, statistics(result, quality)))


def test_the_counts_and_potentials_are_those_of_the_arrays():
    assert lines_of(by_hand()) == {
        "fitted": "6 of 8 sweeps; not fitted: 1 not connected to the Moon, 1 with too few cells",
        "trust": "5 identifiable, 1 at a bound; good 5, usable 0, poor 1 (1 not identifiable)",
        "U (good)": "in sun 7 V (median of 2); in shadow -100 V (median of 3)",
    }


def test_a_wider_choice_counts_more():
    assert lines_of(by_hand(), "all")["U (all)"] == (
        "in sun 7 V (median of 2); in shadow -150 V (median of 4, quartiles -650 and -87.5 V)"
    )


def test_without_a_good_fit_it_says_how_to_see_the_others():
    result = by_hand(spec_quality_class=np.full(8, POOR, np.int8))
    assert lines_of(result)["U (good)"] == "no fit of this quality; quality=usable or quality=all takes more"


def test_without_a_fit_nothing_is_said_of_potentials():
    nothing = {"spec_u_surface": np.full(8, NAN), "spec_has_fit": np.zeros(8, bool)}
    result = by_hand(spec_fit_status=np.full(8, FitStatus.NO_GEOMETRY, np.int8), **nothing)
    assert lines_of(result) == {"fitted": "0 of 8 sweeps; not fitted: 8 without geometry"}


@pytest.fixture
def archive(tmp_path):
    """The truth of the eight sweeps: in shadow found too small by a tenth, and one interval that misses it."""
    (tmp_path / "truth").mkdir()
    truth = np.array([7.0, 9.0, -55.0, -110.0, -220.0, -300.0, -10.0, -10.0])
    np.savez(
        tmp_path / "truth" / "19980415.npz",
        sweep_spec=by_hand()["spec_original_spec_no"],
        sweep_U=truth,
        sweep_mixed=np.zeros(8, bool),
    )
    return SimpleNamespace(root=tmp_path, origin="simulated")


def test_on_a_simulated_archive_the_distance_from_the_truth_is_told(archive):
    ((_, text),) = truth_line(by_hand(), "good", archive, [DAY])
    # errors -2, 0, 5, 10 and 20 V of 7, 9, 55, 110 and 220 V; intervals reach 10 V to either side
    assert text == (
        "off by 5 V or 9.09 % (medians of 5, quality=good); found less true +5 V; "
        "4 of 5 intervals of 95 % hold the truth"
    )


def test_a_measured_archive_has_no_truth(archive):
    archive.origin = "measured"
    assert truth_line(by_hand(), "good", archive, [DAY]) == []


def test_a_simulated_archive_that_lost_its_truth_is_named(archive):
    (archive.root / "truth" / "19980415.npz").unlink()
    ((name, text),) = truth_line(by_hand(), "good", archive, [DAY])
    assert name == "truth"
    assert "19980415.npz" in text


def test_seconds_are_told_without_what_is_done_once():
    assert seconds_line({"seconds/all": 70.0, "seconds/compile": 52.0})[1] == (
        "70.0, without compiling (once on this machine) 18.0"
    )
    assert seconds_line({"seconds/all": 9.0, "seconds/compile": 0.0})[1] == "9.0"


def test_paths_below_the_current_folder_are_short(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert place(tmp_path / "outputs" / "x.npz") == "outputs/x.npz"
    assert place(Path("/elsewhere/x.npz"), "1 file") == "/elsewhere/x.npz (1 file)"


def test_names_stand_in_a_column():
    assert lay_out([("fitted", "1"), ("U (good)", "2")]) == ["fitted    1", "U (good)  2"]
