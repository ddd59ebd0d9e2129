import numpy as np
import pytest

from potrun.core.errors import UsageError
from potrun.simulate.handover import to_records
from potrun.simulate.sweeps import simulate_sweeps


def test_records_hold_the_sweeps():
    made = simulate_sweeps(12, 4)
    table, geometry = to_records(made)
    assert (table.n_sweeps, table.n_rows) == (12, 180)
    np.testing.assert_array_equal(table.to_sweeps(table.flux), made.flux)
    np.testing.assert_array_equal(table.to_sweeps(geometry.pitch_deg), made.pitch_deg)
    np.testing.assert_array_equal(geometry.polarity.reshape(12, 15), made.polarity)
    np.testing.assert_array_equal(geometry.spacecraft_in_sun.reshape(12, 15)[:, 0], made.spacecraft_in_sun)
    assert np.isnan(geometry.footpoint_latitude_deg[geometry.polarity == 0]).all()


def test_more_than_a_day_is_refused():
    with pytest.raises(UsageError, match="do not fit"):
        to_records(simulate_sweeps(1081, 4))


def test_cells_come_with_their_inclinations():
    _, geometry = to_records(simulate_sweeps(1, 4))
    assert sorted(set(np.abs(geometry.theta_deg).tolist())) == [11.25, 33.75, 56.25, 78.75]
