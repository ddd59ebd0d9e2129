"""Every executor keeps one promise: the same reports and the same bytes, and a lost worker costs only time."""

import errno

import pytest

from potrun.core.errors import DataError, OutputError
from potrun.runs.executors import make_executor
from tests.support.dask_cluster import dask_cluster
from tests.support.deadly_day import deadly

pytestmark = pytest.mark.process

EVERY = pytest.mark.parametrize("kind", ["inline", "processes", "dask"])
WITH_WORKERS = pytest.mark.parametrize("kind", ["processes", "dask"])


def summary(reports):
    return [(r.task.day.date, r.source, r.sweeps, r.defects, r.is_resumed, r.failure, r.chi2.tolist()) for r in reports]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers, each a process of its own."""
    with dask_cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture
def choice(kind, request):
    """The settings of an executor; all days of the tests go to one cluster."""
    if kind != "dask":
        return ["executor.workers=1" if kind == "inline" else "executor.workers=2"]
    cluster = request.getfixturevalue("cluster")
    cluster.keep_up()
    return ["executor=dask", f"executor.address={cluster.address}"]


@pytest.fixture
def expected(make_case):
    case = make_case()
    return summary(case.run(make_executor)), case.shards()


@WITH_WORKERS
def test_the_same_reports_and_the_same_bytes(make_case, expected, choice):
    case = make_case(*choice)
    assert (summary(case.run(make_executor)), case.shards()) == expected
    assert all({"read", "geometry", "potential", "fit", "write"} <= set(r.seconds) for r in case.reports)


@EVERY
def test_finished_days_are_taken_as_they_are(make_case, choice):
    case = make_case(*choice)
    case.run(make_executor)
    before = [task.shard.stat().st_mtime_ns for task in case.tasks]
    case.reports.clear()
    again = case.run(make_executor)
    assert all(report.is_resumed and report.sweeps == 4 for report in again)
    assert [task.shard.stat().st_mtime_ns for task in case.tasks] == before


@EVERY
def test_a_day_that_cannot_be_read_costs_that_day(make_case, tmp_path, expected, choice):
    case = make_case(*choice)
    empty = tmp_path / "3D980416.TAB"
    empty.write_bytes(b"")
    case.replace_day(1, lambda day: type(day)(day.date, empty, day.name))
    reports = case.run(make_executor)
    assert [report.failure is not None for report in reports] == [False, True, False, False]
    assert "3D980416.TAB" in reports[1].failure
    assert case.shards() == [shard for number, shard in enumerate(expected[1]) if number != 1]


@EVERY
def test_what_all_days_need_ends_the_run(make_case, tmp_path, choice):
    case = make_case(*choice)
    kernel = tmp_path / "lp_bad.bsp"
    kernel.write_bytes(b"no kernel")
    case.archive = type(case.archive)(**{**vars(case.archive), "kernel_paths": (*case.archive.kernel_paths, kernel)})
    with pytest.raises(DataError, match=r"lp_bad\.bsp"):
        case.run(make_executor)


@EVERY
def test_an_output_that_cannot_be_written_ends_the_run(make_case, tmp_path, choice):
    case = make_case(*choice)
    (tmp_path / "file").touch()
    case.tasks = [type(task)(task.day, tmp_path / "file" / task.shard.name) for task in case.tasks]
    with pytest.raises(OutputError, match="cannot write"):
        case.run(make_executor)


@WITH_WORKERS
def test_a_lost_worker_costs_nothing_but_time(make_case, tmp_path, expected, choice):
    case = make_case(*choice)
    case.replace_day(1, lambda day: deadly(day, tmp_path / "graves", 1))
    case.run(make_executor)
    assert case.shards() == expected[1]
    assert len(list((tmp_path / "graves").iterdir())) == 1


@WITH_WORKERS
def test_a_day_that_kills_its_workers_is_given_up_alone(make_case, tmp_path, expected, choice, request, kind):
    if kind == "dask":
        request.getfixturevalue("cluster").add_worker()
    case = make_case(*choice, "executor.attempts=2")
    case.replace_day(0, lambda day: deadly(day, tmp_path / "graves", 2))
    reports = case.run(make_executor)
    assert [report.failure is not None for report in reports] == [True, False, False, False]
    assert "3D980415.TAB: given up" in reports[0].failure
    assert case.shards() == expected[1][1:]
    assert len(list((tmp_path / "graves").iterdir())) == 2


def test_an_unforeseen_failure_is_tried_again_and_then_costs_its_day(make_case, expected, monkeypatch):
    from potrun.geometry.compute import GeometryModel

    calls = []
    compute = GeometryModel.compute

    def fails_on_the_second_day(self, table):
        if table.date.day == 16:
            calls.append(table.date)
            raise MemoryError("no room")
        return compute(self, table)

    monkeypatch.setattr(GeometryModel, "compute", fails_on_the_second_day)
    case = make_case()
    reports = case.run(make_executor)
    assert len(calls) == 3
    assert reports[1].failure.endswith("failed 3 times, at last with MemoryError: no room")
    assert case.shards() == [shard for number, shard in enumerate(expected[1]) if number != 1]


def test_a_failure_that_passes_leaves_no_trace(make_case, expected, monkeypatch):
    from potrun.search.differential_evolution import DifferentialEvolutionFitter

    fit = DifferentialEvolutionFitter.fit
    failures = [OSError(errno.EIO, "input/output error")]

    def fails_once(self, batch, on_progress=None):
        if failures:
            raise failures.pop()
        return fit(self, batch, on_progress)

    monkeypatch.setattr(DifferentialEvolutionFitter, "fit", fails_once)
    case = make_case()
    assert (summary(case.run(make_executor)), case.shards()) == expected
