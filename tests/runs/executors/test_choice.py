"""An executor that cannot work is refused before a run is tracked."""

import pytest

from potrun.core.composition import settings_from
from potrun.core.errors import UsageError
from potrun.runs.executors import require_executor


def test_dask_that_is_not_installed_is_one_line(monkeypatch):
    monkeypatch.setattr("potrun.runs.executors.find_spec", lambda _name: None)
    require_executor(settings_from(["executor=local"]))
    with pytest.raises(UsageError, match=r"pip install 'potrun\[dask\]'"):
        require_executor(settings_from(["executor=dask"]))
