"""What MLflow's own pages show of an experiment at first: its kind, its columns, a word on what it is."""

import json
from collections.abc import Mapping
from typing import Any

VIEW = "potrun"
"""Name of the view of the table of runs, as in ``.../runs?viewStateShareKey=potrun``."""

COLUMNS = (
    "tags.`fitter`",
    "tags.`archive`",
    "params.`year`",
    "params.`month`",
    "metrics.`fitted`",
    "metrics.`identifiable`",
    "metrics.`chi2/median`",
    "metrics.`potential_sun_v/median`",
    "metrics.`potential_shadow_v/median`",
)
"""Columns of that view, beside name, date and duration."""

TAGS: Mapping[str, str] = {
    # Without it the page opens for chats with language models.
    "mlflow.experimentKind": "custom_model_development",
    # How MLflow keeps a view that someone shares.
    f"mlflow.sharedViewState.{VIEW}": json.dumps({"selectedColumns": list(COLUMNS)}),
    "mlflow.note.content": (
        "Surface potentials of the Moon, fitted by potrun. The table of runs with fits, chi2 and potentials:"
        f" add `?viewStateShareKey={VIEW}` to its address."
    ),
}


def dress(client: Any, experiment_id: str, known: Mapping[str, str]) -> None:
    """Give an experiment the tags that it has not: what someone has set stays.

    Parameters
    ----------
    client : mlflow.tracking.MlflowClient
        Of the store.
    experiment_id : str
        The experiment.
    known : mapping of str to str
        Its tags.
    """
    for name, value in TAGS.items():
        if name not in known:
            client.set_experiment_tag(experiment_id, name, value)
