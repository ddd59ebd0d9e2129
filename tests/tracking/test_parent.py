"""The same multirun started twice at once does not mix the records of its jobs."""

import threading

from potrun.core.settings import RunConfig
from potrun.tracking import parent
from potrun.tracking.children import Job


class NoStore:
    """A tracker that keeps nothing."""

    run_id = None

    def __init__(self, *_):
        pass

    def __getattr__(self, _):
        return lambda *_args, **_settings: True


def test_the_second_waits_for_the_first(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(parent, "MlflowTracker", NoStore)
    first = parent.Parent.open(RunConfig(), tmp_path, ["month=4,12"])
    Job(0, {"month": "4"}, str(tmp_path), "FINISHED").write(first.folder / "jobs")
    opened = []
    second = threading.Thread(target=lambda: opened.append(parent.Parent.open(RunConfig(), tmp_path, ["month=4,12"])))
    second.start()
    second.join(1.0)
    assert not opened
    assert (first.folder / "jobs" / "0.json").exists()
    first.close()
    second.join(30)
    assert opened
    assert "the same multirun goes on in" in capsys.readouterr().err
    assert not (first.folder / "jobs").exists()
    opened[0].close()
