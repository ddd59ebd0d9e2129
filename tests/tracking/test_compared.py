"""What the jobs of a multirun are called when they are compared."""

import csv
import io
import json
import math

from potrun.tracking.children import Job, children_table, to_table_json
from potrun.tracking.compared import distinct_labels, shared_label


def jobs():
    points = [("15", "halekas"), ("15", "lillis"), ("16", "halekas"), ("16", "lillis")]
    metrics = {"chi2/max": math.nan, "live/x": 1}
    return [
        Job(number, {"year": "1998", "day": day, "fitter": fitter}, "somewhere", metrics=metrics)
        for number, (day, fitter) in enumerate(points)
    ]


def test_labels_name_what_differs():
    assert distinct_labels(jobs()[:2]) == ["fitter=halekas", "fitter=lillis"]
    assert shared_label(jobs()[2:], jobs()) == "day=16"
    assert shared_label(jobs(), jobs()) == "all"


def test_the_table_shows_first_what_differs():
    table = children_table(jobs())
    assert table.columns == ["job", "status", "day", "fitter", "chi2/max", "year", "run_id", "npz", "error"]
    assert [row["fitter"] for row in csv.DictReader(io.StringIO(table.to_csv()))][:2] == ["halekas", "lillis"]
    assert json.loads(to_table_json(table))["data"][0][4] == "nan"
