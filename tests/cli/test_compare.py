import csv

import numpy as np
import pytest

from potrun.cli import compare
from potrun.core.errors import UsageError
from potrun.results.run_result import RunResult
from tests.support.results import make_day

PROVENANCE = {"origin": "simulated", "settings": {"fitter.method": "halekas"}}


@pytest.fixture
def files(tmp_path):
    first = RunResult.from_days([make_day()], PROVENANCE)
    moved = {**{name: first[name] for name in first}, "spec_u_surface": first.spec_u_surface - 5}
    second = RunResult(moved, {**PROVENANCE, "settings": {"fitter.method": "lillis"}})
    return str(first.save(tmp_path / "one.npz")), str(second.save(tmp_path / "two.npz"))


def test_tables_files_and_figure(tmp_path, files, capsys):
    compare.command([*files, f"output_dir={tmp_path / 'out'}"])
    said = capsys.readouterr().out
    assert "Shared sweeps: 4 (simulated)" in said
    assert "fitter.method" in said
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["comparison.png", "summary.csv", "sweeps.csv"]
    with (tmp_path / "out" / "sweeps.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 4
    assert lines[1]["time_start_utc"] == "1998-04-15T00:01:20"
    differences = {line["u_difference_v [two]"] for line in lines} - {""}
    assert [float(value) for value in differences] == pytest.approx([-5.0] * len(differences))


def test_csv_numbers_are_exact(files, tmp_path):
    compare.command([*files, f"output_dir={tmp_path / 'out'}"])
    with (tmp_path / "out" / "sweeps.csv").open() as stream:
        read = [float(line["u_surface_v [one]"] or "nan") for line in csv.DictReader(stream)]
    np.testing.assert_array_equal(read, compare.resolve_result(files[0]).spec_u_surface)


def test_wrong_names(files, tmp_path):
    with pytest.raises(UsageError, match="1 result given"):
        compare.command([files[0]])
    with pytest.raises(UsageError, match="neither an existing NPZ file nor an MLflow run id"):
        compare.command([files[0], "nowhere.npz"])
    with pytest.raises(UsageError, match="did you mean output_dir"):
        compare.command([*files, "outputdir=x"])


def test_labels_are_short_and_distinct():
    assert compare.labels(["x/a.npz", "y/b.npz"]) == ["a", "b"]
    assert compare.labels(["x/a.npz", "y/a.npz"]) == ["x", "y"]
    assert compare.labels(["x/a.npz", "x/a.npz"]) == ["A x", "B x"]
    assert compare.labels(["0123456789abcdef" * 2, "x/b.npz"]) == ["01234567", "b"]
    assert all(len(label) <= 34 for label in compare.labels(["f" * 200 + ".npz", "g.npz"]))
