"""Stand-ins for compiled code: quick, slow and broken to compile. Each compilation leaves a line in a log."""

import os
import time
from collections.abc import Callable
from pathlib import Path


def load(dtype: str, folder: Path) -> Callable[[], str]:
    code = folder / "sources" / "code.nbc"
    if not code.exists():
        code.parent.mkdir()
        code.write_text(f"code for {dtype}")
        with Path(os.environ["COMPILED_BY"]).open("a") as log:
            log.write(f"{os.getpid()}\n")
    text = code.read_text()
    return lambda: text


def load_in_a_while(dtype: str, folder: Path) -> Callable[[], str]:
    if (folder / "sources").exists():
        return lambda: f"code for {dtype}"
    with Path(os.environ["COMPILED_BY"]).open("a") as log:
        log.write(f"{os.getpid()}\n")
    time.sleep(float(os.environ.get("COMPILES_FOR_S", "120")))
    (folder / "sources").mkdir()
    (folder / "sources" / "code.nbc").write_text(f"code for {dtype}")
    return lambda: ""


def load_never(dtype: str, folder: Path) -> Callable[[], str]:
    raise RuntimeError("no such instruction")
