"""A simulated archive like the one that flew, held against its own truth: right, then wrong in one fact at a time."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from potrun.archive.days import scan_archive
from potrun.core.composition import settings_from
from potrun.core.errors import DisagreementError
from potrun.core.provenance import Provenance
from potrun.results.run_result import RunResult
from potrun.results.sweeps import SweepLoader
from potrun.runs.day import DayStages
from potrun.simulate.archive import simulate_archive
from potrun.simulate.settings import SimulationSettings
from potrun.studies.acceptance import AgreementWithWhatIsPublished
from potrun.studies.base import StudyCase
from potrun.studies.facts.electrons import check_electrons
from potrun.studies.facts.finding import Evidence, Verdict
from potrun.studies.facts.fitted import check_fitted
from potrun.studies.facts.place import check_place, read_level2
from potrun.studies.facts.published import (  # fmt: skip
    PUBLISHED,
    AxisReport,
    EnergyGrid,
    Footpoint,
    ParticleEvent,
    Place,
    Spectrum,
    TableSize,
    Temperatures,
)
from potrun.studies.facts.tables import check_tables

FIRST, EVENT, FIGURE = DAYS = dt.date(1998, 3, 13), dt.date(1998, 4, 20), dt.date(1999, 4, 29)
"""An eclipse, a particle event, and the sweep of the published figure."""

SWEEPS = 40


@pytest.fixture(scope="session")
def flown(tmp_path_factory):
    """An archive without the mark of a simulation, and its truth by date."""
    root = tmp_path_factory.mktemp("flown") / "data"
    simulate_archive(root, DAYS, SWEEPS, 11, SimulationSettings(instrument="flown"))
    truth = {date: dict(np.load(root / "truth" / f"{date:%Y%m%d}.npz")) for date in DAYS}
    (root / "ORIGIN").unlink()
    return root, truth


@pytest.fixture(scope="session")
def make_case(flown):
    """Fit the archive with some settings, in memory."""

    def make(*words):
        cfg = settings_from(["archive=pds", f"archive.root={flown[0]}", "device=cpu", "fitter.intervals=false", *words])
        archive = scan_archive(flown[0])
        stages = DayStages(cfg, archive)
        provenance = Provenance.of(cfg, archive.origin, [])
        days = [stages.process(stages.read(day)) for day in archive.days]
        result = RunResult.from_days(days, provenance.of_result([], [], {}))
        return StudyCase(cfg, archive, archive.days, result, SweepLoader(archive, cfg.archive, cfg.fitter, result))

    return make


@pytest.fixture(scope="session")
def case(make_case):
    return make_case()


@pytest.fixture(scope="session")
def facts(flown, case):
    """What was put into the archive, in place of what is published."""
    truth = flown[1]
    first = truth[FIRST]
    noon = {date: len(one["row_utc"]) // 2 for date, one in truth.items()}
    sweep = int(np.flatnonzero(np.abs(truth[FIGURE]["sweep_Usc"] - 11.0) < 1e-9)[0])
    row = int(np.flatnonzero(truth[EVENT]["row_polarity"] != 0)[3])
    temperatures = case.result["spec_electron_temperature"]
    percentiles = np.percentile(temperatures[np.isfinite(temperatures)], [5, 50, 95])
    seconds = np.diff(first["row_utc"][[0, 14]].astype("M8[s]"))[0].astype(float)
    figure = truth[FIGURE]
    u = float(figure["sweep_U"][sweep])
    return replace(
        PUBLISHED,
        spin_axis=tuple(
            AxisReport(date, float(one["row_dec"][noon[date]]), float(one["row_ra"][noon[date]]))
            for date, one in truth.items()
        ),
        places=tuple(
            Place(str(first["row_utc"][n]), float(first["row_sc_lat"][n]), float(first["row_sc_lon"][n]))
            for n in (0, 100, 300)
        ),
        footpoint=Footpoint(
            str(truth[EVENT]["row_utc"][row]), tuple(truth[EVENT]["row_B"][row].tolist()),
            float(truth[EVENT]["row_foot_lat"][row]), float(truth[EVENT]["row_foot_lon"][row]),
        ),
        sizes=(TableSize(FIRST, len(first["row_utc"]), SWEEPS),),
        row_spacing_s=seconds / 14,
        grid=EnergyGrid(FIRST, 38.641, 16680.334),
        spectrum=Spectrum(
            FIGURE, int(figure["sweep_spec"][sweep]), str(figure["sweep_utc"][sweep]), 11.0, u, (2.5 * u, 0.5 * u),
            float(figure["sweep_r"][sweep]), (0.75, 1.1),
        ),
        eclipses=PUBLISHED.eclipses[:1],
        event=ParticleEvent(f"{EVENT}T11:40:00", f"{EVENT}T17:30:00"),
        temperatures=Temperatures(*percentiles.tolist(), 100),
    )  # fmt: skip


@pytest.fixture(scope="session")
def evidence(case, facts):
    return Evidence.of(case, facts)


def differing(case, facts):
    report = AgreementWithWhatIsPublished(facts).report(case)
    return {row[0] for row in report.tables["acceptance"].rows if row[4] == Verdict.DIFFERS}, report


def test_an_archive_agrees_with_what_was_put_into_it(case, facts):
    wrong, report = differing(case, facts)
    assert wrong == set()
    assert report.failure == ""
    verdicts = {row[0]: row[4] for row in report.tables["acceptance"].rows}
    assert verdicts.pop("footpoints of the Level-2 product") == Verdict.ABSENT
    assert set(verdicts.values()) == {Verdict.AGREES}
    assert {"sunlight", "deficit", "eclipse_1998-03-13", "particle_event", "temperatures"} <= set(report.figures)


def with_wrong(name, **values):
    """Return what makes facts wrong in one of their parts, the first where there are several."""

    def change(facts):
        part = getattr(facts, name)
        if isinstance(part, tuple):
            return replace(facts, **{name: (replace(part[0], **values), *part[1:])})
        return replace(facts, **{name: replace(part, **values)})

    return change


BREAKS = {
    "spin axis on 1998-03-13": (check_place, with_wrong("spin_axis", latitude_deg=-87.0)),
    "position of the spacecraft on 1998-03-13": (check_place, with_wrong("places", longitude_deg=3.21)),
    "footpoint at": (check_place, with_wrong("footpoint", latitude_deg=89.0)),
    "the Moon in the Earth's penumbra on": (check_place, with_wrong("eclipses", begin_utc="1998-03-13T02:00:00")),
    "size of the table of 1998-03-13": (check_tables, with_wrong("sizes", rows=598)),
    "energies of the first sweep of 1998-03-13": (check_tables, with_wrong("grid", high_ev=16680.4)),
    "time from row to row on 1998-03-13": (check_tables, lambda facts: replace(facts, row_spacing_s=3.3)),
    "time of spectrum": (check_fitted, with_wrong("spectrum", start_utc="1999-04-29T14:00:00")),
    "U of spectrum": (check_fitted, with_wrong("spectrum", u_range_v=(-50.0, -10.0))),
    "r of spectrum": (check_fitted, with_wrong("spectrum", ratio_range=(0.4, 0.6))),
    "energetic particles on 1998-04-20": (check_fitted, with_wrong("event", quiet_until_utc="1998-04-21T00:00:00")),
    "median electron temperature": (check_fitted, with_wrong("temperatures", median_ev=300.0)),
}


@pytest.mark.parametrize("name", BREAKS)
def test_one_fact_that_is_wrong_is_the_one_that_differs(name, evidence, facts, monkeypatch):
    monkeypatch.setattr("potrun.studies.facts.fitted._sweep_picture", lambda *_: {})
    check, broken = BREAKS[name]
    wrong = [found for found in check(replace(evidence, facts=broken(facts))) if found.verdict is Verdict.DIFFERS]
    assert [found.fact.startswith(name) for found in wrong] == [True]


def test_what_differs_fails_the_archive(case, facts):
    _, broken = BREAKS["energies of the first sweep of 1998-03-13"]
    wrong, report = differing(case, broken(facts))
    assert len(wrong) == 1
    assert report.failure.startswith("1 of ")
    assert "first: energies of the first sweep" in report.failure
    assert report.metrics["acceptance/differs"] == 1


def test_angles_read_the_wrong_way_are_told_with_the_setting_that_mends_them(case, facts):
    looked = replace(case, cfg=settings_from(["archive=pds", "archive.directions=look", "device=cpu"]))
    sunlight, deficit = check_electrons(Evidence.of(looked, facts))
    assert sunlight.verdict is Verdict.DIFFERS
    assert "set archive.directions=motion" in sunlight.remark
    assert deficit.verdict is Verdict.DIFFERS
    assert "try archive.directions=motion" in deficit.remark


def test_the_level_2_product_is_compared_where_it_is_there(case, facts, flown, tmp_path):
    truth = flown[1][FIRST]
    hit = truth["row_polarity"] != 0
    rows = list(zip(truth["row_utc"][hit], truth["row_foot_lon"][hit], truth["row_foot_lat"][hit], strict=True))
    for name, away in (("good", 0.0), ("bad", 6.0)):
        (tmp_path / name).mkdir()
        text = [f"{utc}.000Z, {lon:9.3f}, {lat * (1 - away / 60):8.3f}, 0.91" for utc, lon, lat in rows]
        (tmp_path / name / "199803.tab").write_text("\n".join(text))
    assert len(read_level2(tmp_path)[0]) == 2 * len(rows)
    for name, verdict in (("good", Verdict.AGREES), ("bad", Verdict.DIFFERS)):
        cfg = replace(case.cfg, study=replace(case.cfg.study, level2=str(tmp_path / name)))
        found = {item.fact: item for item in check_place(Evidence.of(replace(case, cfg=cfg), facts))}
        assert found["footpoints of the Level-2 product"].verdict is verdict


def test_what_is_published_is_named_where_its_days_are_not_there(case):
    _, report = differing(case, PUBLISHED)
    verdicts = {row[0]: (row[1], row[4]) for row in report.tables["acceptance"].rows}
    assert verdicts["size of the table of 1998-04-10"] == ("no table of 1998-04-10", Verdict.ABSENT)
    assert verdicts["electron temperatures"][1] == Verdict.ABSENT


def test_a_run_on_an_archive_that_differs_ends_with_1_and_keeps_all(flown, tmp_path, run_small):
    words = ["experiment=acceptance", "archive=pds", f"archive.root={flown[0]}", "device=cpu", "fitter.intervals=false"]
    for _ in range(2):
        with pytest.raises(DisagreementError, match="checks differ from what is published; first: "):
            run_small(tmp_path, *words)
    folder = tmp_path / "potential_batch_all_studies" / "acceptance"
    assert {"acceptance.csv", "sunlight.png"} <= {path.name for path in folder.iterdir()}


def test_a_demo_is_excused_from_the_history_of_the_mission(demo_root, tmp_path, run_small):
    words = ["archive.instrument=flown", "archive.sweeps_per_day=24", f"archive.root={demo_root}", "device=cpu"]
    _, folder = run_small(tmp_path, "experiment=acceptance", *words, "fitter.intervals=false")
    text = (folder / "acceptance" / "acceptance.csv").read_text()
    assert "DIFFERS" not in text
    assert "agrees" in text
    assert str(Verdict.SIMULATED) in text
