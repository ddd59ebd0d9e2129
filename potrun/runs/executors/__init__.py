"""Who works on the days: this process, several processes, or a Dask cluster."""

from importlib.util import find_spec

from potrun.core.errors import UsageError
from potrun.core.provenance import Provenance
from potrun.core.records import Archive
from potrun.core.settings import RunConfig
from potrun.runs.executors.base import Executor


def require_executor(cfg: RunConfig) -> None:
    """Refuse an executor that is not installed, before a run is tracked.

    Raises
    ------
    UsageError
        Saying what to install.
    """
    if cfg.executor.kind == "dask" and find_spec("distributed") is None:
        raise UsageError("executor=dask needs Dask: pip install 'potrun[dask]'")


def make_executor(cfg: RunConfig, archive: Archive, provenance: Provenance) -> Executor:
    """Return the executor that the settings ask for.

    Parameters
    ----------
    cfg, archive
        The run's settings and inputs.
    provenance : Provenance
        What every process of the run has to see.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    require_executor(cfg)
    if cfg.executor.kind == "dask":
        from potrun.runs.executors.dask import DaskExecutor

        return DaskExecutor(cfg, archive, provenance)
    if cfg.executor.workers > 1:
        from potrun.runs.executors.processes import ProcessExecutor

        return ProcessExecutor(cfg, archive, provenance)
    from potrun.runs.executors.inline import InlineExecutor

    return InlineExecutor(cfg, archive, provenance)
