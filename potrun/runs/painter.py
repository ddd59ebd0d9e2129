"""Pictures are drawn by processes of their own, which load what drawing needs while the run still computes."""

import logging
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from potrun.core.atomic import write_text
from potrun.core.errors import PotrunError
from potrun.core.interrupts import raise_if_interrupted
from potrun.core.machine import available_cores
from potrun.core.records import Archive
from potrun.core.settings import PICTURES, RunConfig

log = logging.getLogger(__name__)

POLL_S = 0.1
MOST_PROCESSES = 2
FIRST_SHARE = ("map", "binned", "time", "plasma", "days")
"""What the first of two processes draws; the other has the rest and the page, which takes about as long."""


@dataclass(frozen=True)
class PaintJob:
    """What is to be drawn of a result file, and what its sweeps can be read from."""

    npz: Path
    folder: Path
    page: Path
    cfg: RunConfig
    archive: Archive
    names: tuple[str, ...] = ()
    has_page: bool = False


class Draft(NamedTuple):
    """A page without its pictures."""

    text: str


class Painter:
    """Draws the pictures of a run elsewhere; use it as a context, which ends its processes however the run ends.

    Parameters
    ----------
    cfg : RunConfig
        Tells what is wanted; where nothing is, nothing is started.
    """

    def __init__(self, cfg: RunConfig) -> None:
        is_wanted = bool(cfg.pictures) or cfg.report
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._job: PaintJob | None = None
        self._processes = [_process() for _ in range(min(MOST_PROCESSES, available_cores()) if is_wanted else 0)]

    def __enter__(self) -> "Painter":
        return self

    def __exit__(self, *_error: object) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()

    def start(self, job: PaintJob) -> None:
        """Hand over what is to be drawn, and go on."""
        self._job = job
        for process, share in zip(self._processes, _shares(job, len(self._processes)), strict=True):
            assert process.stdin is not None
            # A process that is gone is told by `finish`.
            with suppress(BrokenPipeError):
                pickle.dump(share, process.stdin)
                process.stdin.flush()
            threading.Thread(target=_listen, args=(process, self._answers), daemon=True).start()

    def finish(self, on_picture: Callable[[], None] = lambda: None) -> list[Path]:
        """Wait for the pictures, and write the page that holds them.

        Parameters
        ----------
        on_picture : callable
            Called once for each file.

        Returns
        -------
        list of Path
            The files written, the page last.

        Raises
        ------
        PotrunError
            Whatever ended the drawing.
        RunInterruptedError
            If a signal came meanwhile.
        """
        paths: list[Path] = []
        draft: Draft | None = None
        busy = len(self._processes)
        while busy:
            raise_if_interrupted()
            try:
                answer = self._answers.get(timeout=POLL_S)
            except queue.Empty:
                continue
            if isinstance(answer, Exception):
                raise answer
            if answer is None:
                busy -= 1
            elif isinstance(answer, Draft):
                draft = answer
            else:
                paths.append(answer)
                on_picture()
        paths.sort(key=lambda path: (PICTURES.index(path.stem) if path.stem in PICTURES else len(PICTURES), path))
        if draft is not None and self._job is not None:
            from potrun.plots.page.fill import fill_page

            paths.append(write_text(self._job.page, fill_page(draft.text, paths)))
            on_picture()
        return paths


def _process() -> "subprocess.Popen[bytes]":
    path = os.pathsep.join(str(Path(name).absolute()) for name in sys.path)
    return subprocess.Popen(
        [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        # Ctrl-C in a terminal reaches a whole session, but whether to end is for the run to say.
        start_new_session=True,
    )


def _shares(job: PaintJob, processes: int) -> list[PaintJob]:
    """Divide the pictures among the processes; the last one has the page."""
    names: Sequence[str] = job.cfg.pictures
    parts = [tuple(names)]
    if processes > 1:
        first = tuple(name for name in names if name in FIRST_SHARE)
        parts = [first, tuple(name for name in names if name not in FIRST_SHARE)]
    shares = [replace(job, names=part) for part in parts[:processes]]
    if shares:
        shares[-1] = replace(shares[-1], has_page=job.cfg.report)
    return shares


def _listen(process: "subprocess.Popen[bytes]", answers: "queue.SimpleQueue[Any]") -> None:
    """Pass on what a process says: the path of each picture, the draft, what stopped it, None at the end."""
    assert process.stdout is not None
    try:
        while True:
            answer = pickle.load(process.stdout)
            answers.put(answer)
            if answer is None:
                return
    except (EOFError, pickle.UnpicklingError, OSError, ValueError):
        code = process.wait()
        answers.put(
            PotrunError(
                f"a process that draws the pictures ended with code {code}; is memory short? The result is "
                "complete: python -m potrun.plot draws them, pictures=false report=false leaves them out"
            )
        )


def serve() -> None:
    """Draw for the process that holds the other ends of this one's input and output, and end with it."""
    with _answering() as answer:
        from potrun.plots import draw_all, warm_up
        from potrun.plots.page.write import draft_page
        from potrun.results.load import load_results
        from potrun.results.sweeps import SweepLoader

        warm_up()
        try:
            job: PaintJob = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        threading.Thread(target=_end_with_the_other, daemon=True).start()
        try:
            result = load_results(job.npz)
            loader = SweepLoader(job.archive, job.cfg.archive, job.cfg.fitter, result)
            draw_all(result, job.folder, loader, answer, job.cfg.quality, job.names)
            if job.has_page:
                answer(Draft(draft_page(result, job.cfg, job.cfg.pictures, loader)))
        except PotrunError as error:
            answer(error)
        else:
            answer(None)


@contextmanager
def _answering() -> Iterator[Callable[[object], None]]:
    """Lend the way to answer; whatever else is printed here goes to stderr. The process ends behind it at once."""
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def answer(item: object) -> None:
        pickle.dump(item, stream)
        stream.flush()

    yield answer
    # A thread still reads, and would keep the interpreter from closing its input.
    sys.stderr.flush()
    os._exit(0)


def _end_with_the_other() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)
