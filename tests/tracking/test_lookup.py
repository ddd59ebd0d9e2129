"""A run's files are found again by its id."""

import pytest

from potrun.core.errors import NoDataError, TrackingUnreachableError, UsageError
from potrun.core.settings import TrackingConfig
from potrun.tracking import make_tracker
from potrun.tracking.lookup import find_config, find_result


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with a run that has a result and one that has none."""
    folder = tmp_path_factory.mktemp("lookup") / "with blank and %"
    ids = []
    for name in ("full", "empty"):
        run_dir = folder / name
        run_dir.mkdir(parents=True)
        tracker = make_tracker(TrackingConfig(uri=str(folder / "mlflow.db")), run_dir)
        tracker.start(name, {}, {})
        if name == "full":
            (run_dir / "potential_batch_1998.npz").write_bytes(b"numbers")
            tracker.log_artifact(run_dir / "potential_batch_1998.npz")
            tracker.log_text("year: 1998\n", "config.yaml")
        assert tracker.finish("FINISHED")
        ids.append(tracker.run_id)
    return str(folder / "mlflow.db"), ids


def test_files_are_found(store):
    uri, (full, _) = store
    assert find_result(full, uri).read_bytes() == b"numbers"
    assert find_result(full, f"sqlite:///{uri}").name == "potential_batch_1998.npz"
    assert find_config(full, uri).read_text() == "year: 1998\n"


def test_each_absence_has_its_words(store, tmp_path, monkeypatch):
    uri, (_, empty) = store
    with pytest.raises(NoDataError, match=r"\(empty, FINISHED\).*has no result"):
        find_result(empty, uri)
    with pytest.raises(UsageError, match="holds no run"):
        find_result("0" * 32, uri)
    with pytest.raises(UsageError, match="is no MLflow run id"):
        find_config("../x", uri)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoDataError, match="no tracking store at .*outputs/mlflow.db"):
        find_result("0" * 32)
    with pytest.raises(TrackingUnreachableError, match="does not answer"):
        find_result("0" * 32, "http://127.0.0.1:1")
    assert not list(tmp_path.iterdir())
