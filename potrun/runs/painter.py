"""Pictures are drawn by a process of its own, which loads what drawing needs while the run still computes."""

import logging
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from potrun.core.errors import PotrunError
from potrun.core.interrupts import raise_if_interrupted
from potrun.core.records import Archive
from potrun.core.settings import RunConfig

log = logging.getLogger(__name__)

POLL_S = 0.1


@dataclass(frozen=True)
class PaintJob:
    """What is to be drawn of a result file, and what its sweeps can be read from."""

    npz: Path
    folder: Path
    page: Path
    cfg: RunConfig
    archive: Archive


class Painter:
    """Draws the pictures of a run elsewhere; use it as a context, which ends the process however the run ends.

    Parameters
    ----------
    is_wanted : bool
        False: nothing is started, and nothing drawn.
    """

    def __init__(self, is_wanted: bool = True) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        if not is_wanted:
            return
        path = os.pathsep.join(str(Path(name).absolute()) for name in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            # Ctrl-C in a terminal reaches a whole session, but whether to end is for the run to say.
            start_new_session=True,
        )

    def __enter__(self) -> "Painter":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def start(self, job: PaintJob) -> None:
        """Hand over what is to be drawn, and go on."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        try:
            pickle.dump(job, self._process.stdin)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # its end is told by `finish`
        threading.Thread(target=self._listen, daemon=True).start()

    def finish(self, on_picture: Callable[[], None] = lambda: None) -> list[Path]:
        """Wait for the pictures.

        Parameters
        ----------
        on_picture : callable
            Called once for each.

        Returns
        -------
        list of Path
            The files written.

        Raises
        ------
        PotrunError
            Whatever ended the drawing.
        RunInterruptedError
            If a signal came meanwhile.
        """
        paths: list[Path] = []
        while self._process is not None:
            raise_if_interrupted()
            try:
                answer = self._answers.get(timeout=POLL_S)
            except queue.Empty:
                continue
            if isinstance(answer, Exception):
                raise answer
            if answer is None:
                break
            paths.append(answer)
            on_picture()
        return paths

    def _listen(self) -> None:
        """Pass on what the process says: the path of each picture, what stopped it, None at the end."""
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            while True:
                answer = pickle.load(self._process.stdout)
                self._answers.put(answer)
                if answer is None:
                    return
        except (EOFError, pickle.UnpicklingError, OSError, ValueError):
            code = self._process.wait()
            self._answers.put(
                PotrunError(
                    f"the process that draws the pictures ended with code {code}; is memory short? The result is "
                    "complete: python -m potrun.plot draws them, pictures=false leaves them out"
                )
            )


def serve() -> None:
    """Draw for the process that holds the other ends of this one's input and output, and end with it."""
    with _answering() as answer:
        from potrun.plots import draw_all, warm_up
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
            pictures = draw_all(result, job.folder, loader, answer, job.cfg.quality, job.cfg.pictures)
            if job.cfg.report:
                from potrun.plots.page.write import write_page

                answer(write_page(result, job.cfg, pictures, job.page, loader))
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
