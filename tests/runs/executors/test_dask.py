"""What only a Dask cluster can do wrong."""

import signal

import pytest

from potrun.core.errors import PotrunError, UsageError
from potrun.runs.executors import make_executor
from tests.support.dask_cluster import dask_cluster

pytestmark = pytest.mark.process


def test_a_cluster_of_its_own_gives_the_same_bytes(make_case):
    plain, own = make_case(), make_case("executor=dask", "executor.workers=2")
    plain.run(make_executor)
    own.run(make_executor)
    assert own.shards() == plain.shards()


def test_a_scheduler_that_does_not_answer_is_said_soon(make_case):
    case = make_case("executor=dask", "executor.address=tcp://127.0.0.1:9")
    with pytest.raises(
        PotrunError, match=r"no Dask scheduler answers at executor\.address=tcp://127\.0\.0\.1:9 within 8 s"
    ):
        case.run(make_executor)


def test_an_address_that_is_none_is_said(make_case):
    with pytest.raises(PotrunError, match="executor.address=nowhere"):
        make_case("executor=dask", "executor.address=nowhere").run(make_executor)


def test_a_scheduler_s_file_that_is_not_there_is_said(make_case, tmp_path):
    with pytest.raises(PotrunError, match="there is no executor.scheduler_file="):
        make_case("executor=dask", f"executor.scheduler_file={tmp_path / 'none.json'}").run(make_executor)
    with pytest.raises(UsageError, match="both name a scheduler"):
        make_case("executor=dask", "executor.scheduler_file=x", "executor.address=tcp://127.0.0.1:9")


def test_a_worker_killed_from_outside_and_a_lost_scheduler(make_case, tmp_path):
    plain = make_case()
    plain.run(make_executor)
    with dask_cluster(tmp_path) as cluster:
        words = ["executor=dask", f"executor.address={cluster.address}"]
        case = make_case(*words)
        executor_reports = []

        def kill_one(report):
            executor_reports.append(report)
            if len(executor_reports) == 1:
                cluster.workers[0].send_signal(signal.SIGKILL)

        case.reports = type("Reports", (list,), {"append": staticmethod(kill_one)})()
        case.run(make_executor)
        assert len(executor_reports) == 4
        assert case.shards() == plain.shards()

        lost = make_case("executor=dask", f"executor.scheduler_file={tmp_path / 'scheduler.json'}")
        lost.reports = type(
            "Reports", (list,), {"append": staticmethod(lambda _: cluster.scheduler.send_signal(signal.SIGKILL))}
        )()
        with pytest.raises(PotrunError, match="scheduler .* was lost"):
            lost.run(make_executor)
