"""Whether anything answers at a server's address, asked with short patience and with what the user set for MLflow."""

import os
import threading
from typing import Any

from potrun.core.errors import TrackingUnreachableError

SERVER_ANSWER_LIMIT_S = 5.0
"""How long a server may take to answer the first question."""


def require_answer(uri: str) -> None:
    """Check that something answers at `uri`, before MLflow with its long patience is let loose on it.

    Raises
    ------
    TrackingUnreachableError
        If nothing does.
    """
    failures: list[Exception] = []
    # In a thread, since no timeout covers the look-up of a host's name.
    thread = threading.Thread(target=_request, args=(uri, failures), daemon=True)
    thread.start()
    thread.join(SERVER_ANSWER_LIMIT_S)
    if thread.is_alive():
        failures.append(TimeoutError(f"nothing within {SERVER_ANSWER_LIMIT_S:g} s"))
    if failures:
        raise TrackingUnreachableError(
            f"tracking server {uri} does not answer ({_reason(failures[0])}): start it, correct tracking.uri,"
            " or go on without it with tracking.required=false or tracking=off"
        ) from failures[0]


def tls_settings() -> dict[str, Any]:
    """Return how `requests` is to treat certificates, by the environment variables that MLflow has for it."""
    insecure = os.environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in ("true", "1")
    verify = False if insecure else os.environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or True
    return {"verify": verify, "cert": os.environ.get("MLFLOW_TRACKING_CLIENT_CERT_PATH")}


def sign_in() -> tuple[dict[str, str], tuple[str, str] | None]:
    """Return header and name with password, by the environment variables that MLflow has for them."""
    name, password = (os.environ.get(f"MLFLOW_TRACKING_{key}") for key in ("USERNAME", "PASSWORD"))
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    if name and password:
        return {}, (name, password)
    return ({"Authorization": f"Bearer {token}"} if token else {}), None


def _request(uri: str, failures: list[Exception]) -> None:
    import requests

    headers, auth = sign_in()
    try:
        # Whatever it answers, it is there; whether it is an MLflow server shows at the first real question.
        requests.get(
            f"{uri}/health", timeout=SERVER_ANSWER_LIMIT_S, headers=headers, auth=auth, stream=True, **tls_settings()
        ).close()
    except (OSError, ValueError) as error:
        failures.append(error)


def _reason(error: Exception) -> str:
    """Return the innermost cause, without the address of an object."""
    inner: Any = error
    while True:
        cause = getattr(inner, "reason", None)
        if not isinstance(cause, Exception):
            cause = next((item for item in getattr(inner, "args", ()) if isinstance(item, Exception)), None)
        if cause is None:
            break
        inner = cause
    text = str(inner).strip() or type(inner).__name__
    return text.splitlines()[0].rpartition(">: ")[2][:200]
