"""``python -m potrun.rerun RUN_ID``: repeat a tracked run from its stored settings and check the result."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from potrun.core.commandline import Option, parse, run_command, usage
from potrun.core.errors import DataError, ResultMismatchError, UsageError
from potrun.core.settings import RunConfig, TrackingConfig

OPTIONS = (
    Option("tracking_uri", str, "MLflow store that the run is looked up in; none: the default store"),
    Option("output_dir", str, "folder for the new result; none: outputs/rerun/RUN_ID"),
    Option("archive.root", str, "folder of the archive, which has to be named if the stored settings name one"),
    Option("executor.address", str, "address of a Dask scheduler, which has to be named as well"),
)
HELP = usage(
    "python -m potrun.rerun RUN_ID [key=value ...]",
    "Repeat a tracked run from its stored settings. Says whether the result is the same bytes, or which arrays differ\n"
    "and by how much (exit code 1). The repetition is not tracked. A folder or an address in the\n"
    "stored settings is not believed: it has to be named.",
    OPTIONS,
)


def rerun(
    run_id: str,
    tracking_uri: str | None = None,
    output_dir: Path | None = None,
    archive_root: str | None = None,
    address: str | None = None,
) -> Path:
    """Repeat a tracked run and check that its result is the same to the byte.

    Parameters
    ----------
    run_id : str
        The run's MLflow id.
    tracking_uri : str, optional
        Its store, if that is not the default one.
    output_dir : Path, optional
        Where the new result goes.
    archive_root : str, optional
        Folder of the archive. A folder that the stored settings name is not believed, since a run reads and writes
        there: it has to be named.
    address : str, optional
        Address of a Dask scheduler, which has to be named as well.

    Returns
    -------
    Path
        The new result.

    Raises
    ------
    ResultMismatchError
        If the new result differs; the message says in which arrays and by how much.
    UsageError
        If there is no such run, or a folder or an address has to be named.
    NoDataError
        If the run has no stored result or settings, or its input is gone.
    """
    from potrun.runs.pipeline import run_experiment
    from potrun.tracking.lookup import find_config, find_result

    cfg = _believed(_stored_settings(find_config(run_id, tracking_uri)), run_id, archive_root, address)
    stored = find_result(run_id, tracking_uri)
    folder = (output_dir or Path("outputs") / "rerun" / run_id).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    cfg = replace(cfg, tracking=TrackingConfig(kind="off"), overwrite=True, display=False, output_dir=None)
    new = run_experiment(cfg, folder).npz
    if _digest(new) != _digest(stored):
        lines = differences(stored, new) or ["every array is the same, the files' packing is not"]
        raise ResultMismatchError(f"{new} is not the result of run {run_id}: {'; '.join(lines)}")
    return new


def _believed(cfg: RunConfig, run_id: str, root: str | None, address: str | None) -> RunConfig:
    """Replace folders and addresses of stored settings by those that the user named."""
    for name, stored, given in (
        ("archive.root", cfg.archive.root, root),
        ("executor.address", cfg.executor.address, address),
    ):
        if stored is not None and given is None:
            raise UsageError(
                f"run {run_id} was made with {name}={stored}: say {name}={stored} if that is to be used, or where it is"
            )
    file = cfg.executor.scheduler_file
    if file is not None and address is None:
        raise UsageError(f"run {run_id} was made with executor.scheduler_file={file}: say executor.address=... instead")
    archive = replace(cfg.archive, root=root, cache_dir=None)
    return replace(cfg, archive=archive, executor=replace(cfg.executor, address=address, scheduler_file=None))


def differences(first: Path, second: Path) -> list[str]:
    """Say in which arrays two result files differ, and by how much.

    Parameters
    ----------
    first, second : Path
        NPZ files.

    Returns
    -------
    list of str
        One line an array; empty if all are equal, with NaN equal to NaN.
    """
    import numpy as np

    lines = []
    with np.load(first, allow_pickle=False) as old, np.load(second, allow_pickle=False) as new:
        for name in sorted({*old.files, *new.files}):
            if name not in old.files or name not in new.files:
                lines.append(f"{name} is only in the {'new' if name in new.files else 'stored'} result")
            elif name == "provenance":
                lines += _origins(first, second)
            elif line := _difference(old[name], new[name]):
                lines.append(f"{name}: {line}")
    return lines


def _origins(first: Path, second: Path) -> list[str]:
    """Say in which settings, code or inputs two results differ."""
    from potrun.results.comparison import differing_settings
    from potrun.results.load import load_results

    differing = differing_settings([load_results(first), load_results(second)])
    return [f"{name} was {old}, is {new}" for name, (old, new) in differing.items()]


def _difference(old: Any, new: Any) -> str | None:
    import numpy as np

    if old.shape != new.shape or old.dtype.kind != new.dtype.kind:
        return f"{old.dtype}{list(old.shape)} became {new.dtype}{list(new.shape)}"
    is_float = old.dtype.kind == "f"
    differs = (old != new) & ~(np.isnan(old) & np.isnan(new)) if is_float else old != new
    count = int(np.count_nonzero(differs))
    if count == 0:
        return None if old.dtype == new.dtype else f"{old.dtype} became {new.dtype}"
    text = f"{count} of {old.size} differ"
    if is_float:
        both = differs & np.isfinite(old) & np.isfinite(new)
        if both.any():
            text += f", by {np.abs(new[both] - old[both]).max():.6g} at most"
        one_sided = count - int(np.count_nonzero(both))
        if one_sided:
            text += f", {one_sided} of them not a number on one side"
    elif old.dtype.kind in "iu":
        text += f", by {np.abs(new.astype(np.int64) - old.astype(np.int64)).max()} at most"
    elif old.size == 1:
        text += f" ({str(old.reshape(-1)[0])[:60]!r} became {str(new.reshape(-1)[0])[:60]!r})"
    return text


def _stored_settings(path: Path) -> RunConfig:
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    from potrun.core.composition import to_settings
    from potrun.core.stored_yaml import read_stored_yaml

    try:
        loaded = OmegaConf.merge(OmegaConf.structured(RunConfig), OmegaConf.create(read_stored_yaml(path)))
        return to_settings(OmegaConf.create(OmegaConf.to_container(loaded)))  # type: ignore[arg-type]
    except (OmegaConfBaseException, UsageError) as error:
        line = str(error).splitlines()[0]
        raise DataError(
            f"{path} was written by a version with other settings ({line}): repeat the run with that one"
        ) from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def command(arguments: list[str]) -> None:
    """Repeat the run that the command line names.

    Raises
    ------
    UsageError
        If it does not name exactly one.
    """
    names, settings = parse(arguments, OPTIONS)
    if len(names) != 1:
        raise UsageError(f"{len(names)} run ids given ({' '.join(names) or 'none'}): give one")
    folder = None if settings["output_dir"] is None else Path(settings["output_dir"])
    new = rerun(names[0], settings["tracking_uri"], folder, settings["archive.root"], settings["executor.address"])
    sys.stdout.write(f"{new} is the same bytes as the result of run {names[0]}\n")


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run_command("potrun.rerun", command, sys.argv[1:], HELP))
