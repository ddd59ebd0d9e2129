"""What the likelihood fit survives: closures on the instrument that flew, one departure at a time and many at once.

    python -m benchmarks.departures [--sweeps N] [--seed N] [--rows NAME,...] [--groups] [--fitter NAME] [WORD ...]

Prints the tables of docs/closure.md. Each row is a simulated archive of its own (conf/archive/closure.yaml) that one
departure of potrun/simulate/departures.py at its moderate size was put into; "usc +3 V" is a spacecraft potential that
is known wrongly, with its error told; "chain" rows find it from the electrons. "mixture" has sizes that nothing was
tuned on. `--groups` adds the groups of potrun/results/recovery.py to each row.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from potrun import api
from potrun.archive.days import select_days
from potrun.core.composition import settings_from
from potrun.results.recovery import Recovery, groups, measures
from potrun.runs.inputs import open_archive
from potrun.simulate.departures import MODERATE
from potrun.studies.counts import archive_counts
from potrun.studies.truth import load_truth

MIXTURE = {
    "b_direction_deg": 3.0,
    "b_turning_deg": 3.0,
    "r_drift": 0.07,
    "density_drift": 0.3,
    "background_slope": 0.5,
    "anisotropy": 0.6,
    "dead_time_us": 0.15,
    "beam_width": 0.2,
    "barrier_v": 12.0,
    "gains": 0.07,
}

USC_ERROR_V = 3.0

MEASURES = (
    "bias_relative",
    "scatter_relative",
    "off_by_2_fraction",
    "coverage68",
    "coverage95",
    "identifiable_fraction",
)
HEADER = ("departure", "group", "fitted", "bias", "scatter", "off by 2", "in 68 %", "in 95 %", "identifiable")


def rows() -> dict[str, list[str]]:
    """Words of each row, by its name."""
    mixture = ",".join(f"'{name}:{size:g}'" for name, size in MIXTURE.items())
    away = {"none": "", **{name: name for name in MODERATE}, "all": "all", "mixture": mixture}
    known = {name: ["experiment=closure", f"archive.departures=[{what}]"] for name, what in away.items()}
    wrong = [f"spacecraft_potential.volts={8.0 + USC_ERROR_V}", f"fitter.likelihood.usc_sigma_v={USC_ERROR_V}"]
    chain = {
        f"chain {name}": ["experiment=closure_kappa", f"archive.departures=[{away[name]}]"]
        for name in ("none", "all", "mixture")
    }
    return known | {"usc +3 V": ["experiment=closure", *wrong]} | chain


def judged(words: list[str], has_groups: bool) -> Iterator[tuple[str, dict[str, float]]]:
    """Run a closure; the measures of each group."""
    cfg = settings_from(words)
    archive = open_archive(cfg.archive)
    days = select_days(archive.days, cfg.year, cfg.month, cfg.day)
    result = api.run(*words)
    truth = load_truth(archive, days, result)
    found = Recovery.of(result, np.where(truth["mixed"], np.nan, truth["U"]))
    counts = archive_counts(archive, days)
    for name, members in groups(result, truth | {"U": found.u_true_v}, counts).items():
        for key, chosen in members.items():
            if has_groups or name == "all":
                yield (key if name == "all" else f"{name} {key}"), measures(found, chosen)


def line(name: str, group: str, numbers: dict[str, float]) -> str:
    """One line of the table."""
    shares = [
        f"{100.0 * numbers[word]:+.1f} %" if "bias" in word else f"{100.0 * numbers[word]:.1f} %" for word in MEASURES
    ]
    return f"| {name} | {group} | {numbers['fitted']:.0f} | {' | '.join(shares)} |"


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweeps", type=int, default=430, help="a day, of four days")
    parser.add_argument("--seed", type=int, default=2008)
    parser.add_argument("--rows", help=f"some of: {', '.join(rows())}")
    parser.add_argument("--groups", action="store_true", help="also by |U|, r, temperature, counts, light and beam")
    parser.add_argument("--fitter", default="likelihood")
    parser.add_argument("--root", type=Path, help="folder for the simulated archives")
    parser.add_argument("words", nargs="*", help="further settings, such as fitter.effective_energy=true")
    given = parser.parse_args()
    chosen = given.rows.split(",") if given.rows else list(rows())
    print(f"| {' | '.join(HEADER)} |\n|{' --- |' * len(HEADER)}", flush=True)
    for name in chosen:
        words = [
            *rows()[name],
            f"fitter={given.fitter}",
            "studies=[]",
            "archive.instrument=flown",
            f"archive.seed={given.seed}",
            f"archive.sweeps_per_day={given.sweeps}",
            *([f"archive.root={given.root}"] if given.root else []),
            *given.words,
        ]
        for group, numbers in judged(words, given.groups):
            print(line(name, group, numbers), flush=True)


if __name__ == "__main__":
    main()
