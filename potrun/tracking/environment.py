"""Tags that say where and with what a run was made."""

import getpass
import os
import platform
import socket
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import psutil

VERSIONED = ("potrun", "numpy", "scipy", "torch", "spiceypy", "hydra-core", "mlflow")


def environment_tags() -> dict[str, str]:
    """Return host, process, versions and, from a checkout, git commit and whether files differ from it."""
    own = psutil.Process()
    tags = {
        "host": socket.gethostname(),
        "process": f"{own.pid}:{own.create_time():.2f}:{_pid_namespace()}",
        "platform": platform.platform(),
        "version.python": platform.python_version(),
        "mlflow.source.name": " ".join(["python", "-m", "potrun", *sys.argv[1:]]),
        "mlflow.source.type": "LOCAL",
    }
    tags |= {f"version.{name}": version for name in VERSIONED if (version := _version(name))}
    return tags | _user_tag() | git_tags()


def git_tags() -> dict[str, str]:
    """Return the commit of the checkout that this package runs from under MLflow's name, nothing if there is none."""
    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / ".git").exists():
        return {}
    commit = _git(checkout, "rev-parse", "HEAD")
    if commit is None:
        return {}
    changes = _git(checkout, "status", "--porcelain", "--untracked-files=no")
    return {
        "git.dirty": "unknown" if changes is None else str(bool(changes)).lower(),
        "mlflow.source.git.commit": commit,
    }


def is_gone(host: str, process: str) -> bool:
    """Tell whether the process of a run's ``host`` and ``process`` tags has certainly ended.

    Numbers of dead processes are used again, so the time of creation counts too; of another host or container, nothing
    is certain.
    """
    pid, created, namespace = [*process.split(":"), "", ""][:3]
    if host != socket.gethostname() or namespace != _pid_namespace():
        return False
    try:
        return abs(psutil.Process(int(pid)).create_time() - float(created)) > 2.0
    except psutil.NoSuchProcess:
        return True
    except ValueError:
        return False


def now_ms() -> int:
    """Return the time as MLflow counts it: milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def _pid_namespace() -> str:
    """Return what tells containers apart whose processes have numbers of their own; empty where there are none."""
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return ""


def _git(checkout: Path, *arguments: str) -> str | None:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", str(checkout), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _user_tag() -> dict[str, str]:
    try:
        return {"mlflow.user": getpass.getuser()}
    except (KeyError, OSError):
        return {}
