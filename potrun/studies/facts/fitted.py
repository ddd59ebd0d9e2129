"""What fits say: a published sweep, a particle event, the temperatures of the electrons."""

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from potrun.core.errors import DataError
from potrun.core.records import DayTable, PotentialStatus
from potrun.losscone.normalise import build_sweep_batch
from potrun.plasma.constant import ConstantPotential
from potrun.results.sweeps import one_sweep
from potrun.search import make_fitter
from potrun.studies.facts.finding import Evidence, Finding, Verdict, judged, unreadable, without_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_QUIET, LEAST_EVENT = 0.1, 0.5
"""Share of sweeps flagged as a particle event before and during one."""

TEMPERATURE_FACTOR = 1.5

FIGURE_5 = "Halekas et al. 2008, doi:10.1029/2008JA013194, Fig. 5"
EVENT = "Halekas et al. 2007, doi:10.1029/2006GL028517"
FITS = "437,800 fits of another program (espg-lunar-potential-map)"


def check_fitted(evidence: Evidence) -> list[Finding]:
    """Hold what the run fitted against what is known."""
    return [*_check_spectrum(evidence), _check_event(evidence), *_check_temperatures(evidence)]


def _check_spectrum(evidence: Evidence) -> list[Finding]:
    """Fit the sweep of a published figure at the published spacecraft potential."""
    mark = evidence.facts.spectrum
    fact, expected = f"time of spectrum {mark.number} of {mark.date}", mark.start_utc[11:]
    try:
        table = evidence.table(mark.date)
    except DataError as error:
        return [unreadable(fact, error, expected, FIGURE_5)]
    if table is None:
        return [without_table(fact, mark.date, expected, FIGURE_5)]
    places = np.flatnonzero(table.spectrum_number[table.sweep_start] == mark.number)
    if not len(places):
        return [Finding(fact, "no such spectrum", expected, "1 s", Verdict.DIFFERS, FIGURE_5)]
    sweep = one_sweep(table, int(places[0]))
    late = float((np.datetime64(str(sweep.utc[0])) - np.datetime64(mark.start_utc)).astype("m8[s]").astype(float))
    time = Finding(fact, f"{str(sweep.utc[0])[11:]} ({late:+.0f} s)", expected, "1 s", judged(abs(late) <= 1), FIGURE_5)
    cfg = evidence.case.cfg
    geometry = evidence.model.compute(sweep)
    batch = build_sweep_batch(sweep, geometry, ConstantPotential(mark.usc_v).estimate(sweep, geometry), cfg.fitter)
    fit = make_fitter(cfg.fitter, cfg.device, cfg.fast).fit(batch)
    u, ratio = float(fit.u_surface_v[0]), float(fit.b_spacecraft_over_b_surface[0])
    low, high = mark.u_range_v
    name = f"of spectrum {mark.number} at Usc = {mark.usc_v:+g} V ({cfg.fitter.method})"
    figures = _sweep_picture(evidence, sweep)
    return [
        time,
        Finding(
            f"U {name}", f"{u:.0f} V", f"{mark.u_surface_v:.0f} V", f"{low:.0f} to {high:.0f} V, by the beam",
            judged(low <= u <= high), FIGURE_5, figures=figures,
        ),
        Finding(
            f"r {name}", f"{ratio:.3f}", f"{mark.ratio:.3f}", "{:g} to {:g}".format(*mark.ratio_range),
            judged(mark.ratio_range[0] <= ratio <= mark.ratio_range[1]), FIGURE_5,
        ),
    ]  # fmt: skip


def _sweep_picture(evidence: Evidence, sweep: DayTable) -> "dict[str, Figure]":
    """Draw the sweep as the run fitted it, if the run has it."""
    from potrun.studies.one_sweep import see_sweep

    result = evidence.case.result
    places = np.flatnonzero(result["spec_utc_start"] == str(sweep.utc[0]))
    if not len(places):
        return {}
    return {f"spectrum_{int(sweep.spectrum_number[0])}": see_sweep(evidence.case, int(places[0])).figure}


def _check_event(evidence: Evidence) -> Finding:
    """Compare the sweeps flagged as a particle event with the hours of a known one."""
    from potrun.plots.acceptance import draw_event

    event, result = evidence.facts.event, evidence.case.result
    date = event.full_from_utc[:10]
    fact = f"energetic particles on {date}"
    expected = f"quiet to {event.quiet_until_utc[11:16]}, dominant from {event.full_from_utc[11:16]}"
    mine = result["spec_utc_start"].astype("<U10") == date
    if not mine.any():
        return without_table(fact, dt.date.fromisoformat(date), expected, EVENT)
    start, flag = result["spec_utc_start"][mine], result["spec_particle_event"][mine]
    before, after = flag[start < event.quiet_until_utc], flag[start >= event.full_from_utc]
    if not len(before) or not len(after):
        return Finding(fact, "no sweep before or after", expected, "", Verdict.ABSENT, EVENT)
    quiet, full = float(before.mean()), float(after.mean())
    figure = draw_event(date, start, result["spec_penetrating_rate"][mine], flag, event, evidence.case.archive.origin)
    return Finding(
        fact, f"flagged: {quiet:.0%} before, {full:.0%} after", expected, f"{MOST_QUIET:.0%}, {LEAST_EVENT:.0%}",
        judged(quiet <= MOST_QUIET and full >= LEAST_EVENT), EVENT, figures={"particle_event": figure},
    )  # fmt: skip


def _check_temperatures(evidence: Evidence) -> list[Finding]:
    """Compare percentiles of the electron temperature, once enough of the archive is there."""
    from potrun.plots.acceptance import draw_temperatures

    known, result = evidence.facts.temperatures, evidence.case.result
    good = np.isin(result["spec_potential_status"], (PotentialStatus.OK, PotentialStatus.AT_BOUND))
    values = result["spec_electron_temperature"][good & np.isfinite(result["spec_electron_temperature"])]
    facts = {5: known.p5_ev, 50: known.median_ev, 95: known.p95_ev}
    names = {5: "5 % of the electron temperatures below", 50: "median electron temperature", 95: "95 % below"}
    if len(values) < known.least_sweeps:
        said = f"{len(values)} temperatures, {known.least_sweeps} needed"
        return [Finding("electron temperatures", said, f"median {known.median_ev} eV", "", Verdict.ABSENT, FITS)]
    figure = draw_temperatures(values, facts, evidence.case.archive.origin)
    found = []
    for percent, wanted in facts.items():
        value = float(np.percentile(values, percent))
        is_right = wanted / TEMPERATURE_FACTOR <= value <= wanted * TEMPERATURE_FACTOR
        found.append(
            Finding(
                names[percent], f"{value:.1f} eV", f"{wanted:.1f} eV", f"a factor of {TEMPERATURE_FACTOR:g}",
                judged(is_right), FITS, figures={"temperatures": figure} if percent == 50 else {},
            )
        )  # fmt: skip
    return found
