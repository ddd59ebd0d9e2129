"""Progress becomes metrics, seldom enough to cost nothing."""

import numpy as np
import pytest

from potrun.tracking.live import LiveMetrics


class Recorder:
    def __init__(self):
        self.points = []

    def log_metrics(self, metrics, step=None):
        self.points.append((step, metrics))


def test_points_come_in_time_and_count_over_days():
    now = [0.0]
    recorder = Recorder()
    live = LiveMetrics(recorder, every_s=2.0, clock=lambda: now[0])
    for finished in (1, 2, 3):
        now[0] += 1.0
        live.on_progress(finished, np.array([float(finished)]))
    assert recorder.points == [
        (2, {"live/sweeps_done": 2.0, "live/sweeps_per_second": 1.0, "live/median_chi2": 1.5}),
    ]
    live.begin_day()
    now[0] += 3.0
    live.on_progress(5, np.array([np.nan, 9.0]))
    assert recorder.points[1][0] == 8
    assert recorder.points[1][1]["live/median_chi2"] == pytest.approx(2.5)
    assert recorder.points[1][1]["live/sweeps_per_second"] == pytest.approx(6 / 4)


def test_the_shortest_run_shows_a_point_and_none_is_repeated():
    recorder = Recorder()
    live = LiveMetrics(recorder, clock=lambda: 0.0)
    live.emit()
    live.on_progress(4, np.full(4, np.nan))
    live.emit()
    live.emit()
    assert recorder.points == [(4, {"live/sweeps_done": 4.0})]
