import numpy as np
import pytest

from potrun.core.composition import settings_from
from potrun.core.errors import UsageError
from potrun.runs.inputs import open_archive
from potrun.simulate.closure import ensure_closure_archive, simulation_settings
from potrun.simulate.departures import Departures
from potrun.simulate.settings import Instrument


def test_truth_stays_within_the_ranges(tmp_path):
    ranges = {"u_surface_v": [-60.0, -40.0], "kappa": [3, 4], "usc": "drawn", "usc_sunlit_v": [8, 8]}
    root = ensure_closure_archive(tmp_path, 1, 20, ["1998-04-15"], ranges | {"usc_shadow_v": [-9, -7]})
    with np.load(root / "truth" / "19980415.npz") as truth:
        u, kappa, usc = truth["sweep_U"], truth["sweep_kappa"], truth["sweep_Usc"]
    assert np.nanmin(u) >= -60
    assert np.nanmax(u) <= -40
    assert (kappa >= 3).all()
    assert (kappa <= 4).all()
    assert set(usc[usc > 0]) == {8.0}


def test_it_is_built_once_and_another_question_is_another_folder(tmp_path):
    words = ["archive=closure", f"archive.root={tmp_path}", "archive.sweeps_per_day=2", "archive.days=[1998-04-15]"]
    words.append("archive.instrument=ideal")
    first = open_archive(settings_from(words).archive)
    assert first.origin == "simulated"
    assert open_archive(settings_from(words).archive).root == first.root
    for other in (
        "archive.seed=5",
        "archive.instrument=flown",
        "archive.ranges.kappa=[3,4]",
        "archive.days=[1998-04-16]",
    ):
        assert open_archive(settings_from([*words, other]).archive).root != first.root


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"kapa": [3, 4]}, "archive.ranges.kapa is unknown \\(did you mean kappa"),
        ({"scenario": "moon"}, "scenario is unknown"),
        ({"kappa": 3.0}, r"write \[low,high\]"),
        ({"kappa": [4, 3]}, "archive.ranges.kappa: .* is empty"),
        ({"kappa": [1, 3]}, "kappa starts at 1: it must lie above 1.5"),
        ({"u_surface_v": [-10, 10, "log"]}, "must not touch or cross zero"),
        ({"counting_noise": 3}, "expected true or false"),
        ({"beam_fraction": 2}, "beam_fraction=2.0 is out of range"),
        ({"usc": "guessed"}, "choose one of balanced, drawn"),
    ],
)
def test_wrong_ranges(ranges, message):
    with pytest.raises(UsageError, match=message):
        simulation_settings(ranges)


def test_days(tmp_path):
    with pytest.raises(UsageError, match="names no day"):
        ensure_closure_archive(tmp_path, 1, 2, [], {})
    with pytest.raises(UsageError, match="'15.4.98' is not a date"):
        ensure_closure_archive(tmp_path, 1, 2, ["15.4.98"], {})
    with pytest.raises(UsageError, match="outside the mission"):
        ensure_closure_archive(tmp_path, 1, 2, ["2024-01-01"], {})


def test_ranges_go_with_a_closure_alone():
    with pytest.raises(UsageError, match="archive.days says what to simulate"):
        settings_from(["archive.days=[1998-04-15]"])


def test_the_instrument_and_its_departures_are_settings():
    words = ["archive=closure", "archive.instrument=flown", "archive.departures=[gains,r_drift:0.05]"]
    cfg = settings_from(words).archive
    made = simulation_settings({}, Instrument(cfg.instrument, Departures.read(cfg.departures)))
    assert made.departures == Departures(gains=0.1, r_drift=0.05)
    assert Departures.read(["all"]) == Departures.moderate()
    assert Departures.read(["all", "gains:0"]).gains == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["gain"], "choose from b_direction_deg"),
        (["gains:much"], "write name or name:number"),
        (["gains:3"], "out of range"),
    ],
)
def test_wrong_departures(words, message):
    with pytest.raises(UsageError, match=message):
        Departures.read(words)


def test_departures_need_the_flown_instrument_and_a_simulation():
    with pytest.raises(UsageError, match="add instrument=flown"):
        simulation_settings({}, Instrument(departures=Departures.moderate()))
    with pytest.raises(UsageError, match="archive=pds holds measurements"):
        settings_from(["archive=pds", "archive.instrument=ideal"])
