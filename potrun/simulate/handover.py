"""Sweeps made in memory, as the records that reading and geometry would have given."""

import datetime as dt

import numpy as np

from potrun.core.errors import UsageError
from potrun.core.records import DayTable, Geometry, SourceFile
from potrun.simulate.cells import N_CELLS, N_CHANNELS, THETA_DEG
from potrun.simulate.clock import et_s, posix_s, utc_text
from potrun.simulate.ephemeris import MOON_RADIUS_KM
from potrun.simulate.observe import SimulatedSweeps
from potrun.simulate.schedule import MAX_SWEEPS, PLAIN_RHYTHM, SHORTEST_CADENCE_S

_NOWHERE = SourceFile("simulated in memory", 0, "")


def to_records(sweeps: SimulatedSweeps, date: dt.date = dt.date(1998, 4, 15)) -> tuple[DayTable, Geometry]:
    """Hand sweeps over to the stages without files.

    Times run through one day. There is no orbit: the spacecraft stays 100 km above the origin of latitude and longitude
    and connected footpoints lie right below it; illumination, polarity and pitch angles are the true ones.

    Parameters
    ----------
    sweeps : SimulatedSweeps
        At most 1080 sweeps.
    date : datetime.date
        The day to date them.

    Returns
    -------
    table : DayTable
    geometry : Geometry

    Raises
    ------
    UsageError
        If there are more sweeps than a day can hold.
    """
    count = len(sweeps.energy_ev)
    if count > MAX_SWEEPS:
        raise UsageError(f"{count} sweeps do not fit in one day of {MAX_SWEEPS}: hand them over in parts")
    rows = count * N_CHANNELS
    second = (SHORTEST_CADENCE_S * np.arange(count)[:, None] + np.array(PLAIN_RHYTHM.row_offset_s)).ravel()
    table = DayTable(
        date=date,
        source=_NOWHERE,
        utc=utc_text(date, second),
        unix_time_s=posix_s(date, second).astype(np.float64),
        energy_ev=sweeps.energy_ev.ravel(),
        spectrum_number=np.repeat(np.arange(1, count + 1), N_CHANNELS),
        b_scd_nt=sweeps.b_scd_nt.reshape(rows, 3),
        flux=sweeps.flux.reshape(rows, N_CELLS),
        phi_deg=sweeps.phi_deg.reshape(rows, N_CELLS),
        sweep_start=N_CHANNELS * np.arange(count),
        sweep_rows=np.full(count, N_CHANNELS),
    )
    polarity = sweeps.polarity.ravel()
    below = np.where(polarity != 0, 0.0, np.nan)
    geometry = Geometry(
        is_known=np.ones(rows, dtype=bool),
        et_s=et_s(date, second.astype(np.float64)),
        position_iau_moon_km=np.tile([MOON_RADIUS_KM + 100.0, 0.0, 0.0], (rows, 1)),
        spacecraft_latitude_deg=np.zeros(rows),
        spacecraft_longitude_deg=np.zeros(rows),
        footpoint_latitude_deg=below,
        footpoint_longitude_deg=below,
        polarity=polarity,
        spacecraft_in_sun=np.repeat(sweeps.spacecraft_in_sun, N_CHANNELS),
        footpoint_in_sun=np.repeat(sweeps.footpoint_in_sun, N_CHANNELS) & (polarity != 0),
        pitch_deg=sweeps.pitch_deg.reshape(rows, N_CELLS),
        theta_deg=THETA_DEG,
        is_sunlit_cell=sweeps.is_sunlit_cell.reshape(rows, N_CELLS) if sweeps.is_sunlit_cell.any() else None,
    )
    return table, geometry
