"""The results of a multirun against each other, wherever two of them are about the same sweeps."""

from collections.abc import Sequence
from pathlib import Path

from potrun.tracking.children import Job, varying


def write_comparisons(jobs: Sequence[Job], folder: Path) -> list[Path]:
    """Compare the results that were made from the same tables.

    Parameters
    ----------
    jobs : sequence of Job
        Those without a result, or with the very file of another job, are left out.
    folder : Path
        Gets one subfolder for every set of tables, named after the choices that its jobs share.

    Returns
    -------
    list of Path
        The tables and pictures, in ``folder``.
    """
    from potrun.plots.comparison import write_comparison
    from potrun.results.comparison import compare
    from potrun.results.load import load_results

    by_file = {job.npz: job for job in jobs if job.npz is not None}
    results = {job.number: load_results(str(job.npz)) for job in by_file.values()}
    by_tables: dict[tuple[str, ...], list[Job]] = {}
    for job in by_file.values():
        tables = tuple(results[job.number]["source_sha256"].tolist())
        by_tables.setdefault(tables, []).append(job)
    paths: list[Path] = []
    for group in by_tables.values():
        if len(group) < 2 or not any(results[job.number].n_sweeps for job in group):
            continue
        comparison = compare([results[job.number] for job in group], distinct_labels(group))
        place = folder / shared_label(group, jobs)
        paths += write_comparison(comparison, place)
    return paths


def distinct_labels(jobs: Sequence[Job]) -> list[str]:
    """Name each job by the choices in which it differs from others."""
    names = varying(jobs)
    return [
        ", ".join(f"{key.rpartition('.')[2]}={job.choices.get(key, 'default')}" for key in names) or f"job {job.number}"
        for job in jobs
    ]


def shared_label(group: Sequence[Job], jobs: Sequence[Job]) -> str:
    """Name a group by the choices that its jobs share and others do not: ``month=4``, or ``all`` if it is alone."""
    inside = set(varying(group))
    words = [f"{key}={group[0].choices.get(key)}" for key in varying(jobs) if key not in inside]
    return "_".join(words).replace("/", "-")[:100] or "all"
