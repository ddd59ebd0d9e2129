"""The tables of docs/closure.md: what the likelihood fit promises on the instrument that flew."""

import pytest

from benchmarks.departures import MIXTURE, judged, rows
from potrun.simulate.departures import MODERATE, Departures

SEED = 2020


def closure(name, tmp_path, sweeps):
    words = [*rows()[name], "fitter=likelihood", "studies=[]", "archive.instrument=flown", f"archive.seed={SEED}",
             f"archive.sweeps_per_day={sweeps}", f"archive.root={tmp_path}"]  # fmt: skip
    return dict(judged(words, has_groups=True))


def test_the_mixture_has_other_sizes_than_those_that_anything_was_chosen_on():
    assert set(MIXTURE) == set(MODERATE)
    assert all(MIXTURE[name] != MODERATE[name] for name in MODERATE)
    Departures(**MIXTURE)


@pytest.mark.study
@pytest.mark.timeout(3000)
def test_without_departures_u_and_its_intervals_are_right(tmp_path):
    found = closure("none", tmp_path, 500)
    every = found["all"]
    assert every["fitted"] >= 1700
    assert every["off_by_2_fraction"] < 0.005
    assert every["scatter_relative"] < 0.02
    assert every["identifiable_fraction"] > 0.85
    for group in ("all", "temperature_ev below 15", "counts below 5"):
        assert 0.60 <= found[group]["coverage68"] <= 0.80
        assert 0.92 <= found[group]["coverage95"] <= 0.98
    for group, numbers in found.items():
        if group.startswith("decade"):
            assert abs(numbers["bias_relative"]) < 0.01


@pytest.mark.study
@pytest.mark.timeout(3000)
@pytest.mark.parametrize(("name", "bias", "off", "inside"), [
    ("chain none", 0.02, 0.01, 0.90), ("all", 0.06, 0.03, 0.85), ("mixture", 0.06, 0.03, 0.85),
])  # fmt: skip
def test_the_chain_and_many_departures_at_once_are_survived(tmp_path, name, bias, off, inside):
    every = closure(name, tmp_path, 500)["all"]
    assert abs(every["bias_relative"]) < bias
    assert every["off_by_2_fraction"] < off
    assert every["coverage95"] >= inside
