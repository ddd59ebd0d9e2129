"""The geometry of a day's rows."""

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from potrun.core.instrument import MOON_RADIUS_KM
from potrun.core.records import ArchiveDay, BoolArray, DayTable, Defect, FloatArray, Geometry
from potrun.geometry.attitude import read_attitude, spin_axis
from potrun.geometry.coverage import DayCoverage, coverage_of, kernels_for, require_coverage, within_reach
from potrun.geometry.ephemeris import LUNAR_PROSPECTOR, MOON, SUN, ecliptic_to_moon, position_km
from potrun.geometry.ephemeris_time import utc_to_et
from potrun.geometry.footpoint import footpoint, spacecraft_in_sun, surface_in_sun
from potrun.geometry.frames import latitude_longitude_deg, rotate, scd_to_parent
from potrun.geometry.kernels import kernels_loaded, read_leap_seconds, require_moon_orientation, spk_coverage
from potrun.geometry.pitch import pitch_angle_deg
from potrun.geometry.theta import read_theta

_log = logging.getLogger(__name__)


class GeometryModel:
    """Where the spacecraft was, where the field line met the Moon, and what the Sun lit.

    Parameters
    ----------
    kernel_paths : sequence of Path
        SPICE kernels: leap seconds, planetary constants, trajectories.
    attitude_path : Path
        ``attitude.tab``.
    theta_path : Path
        ``theta.tab``.

    Raises
    ------
    DataError
        If a file is missing or cannot be read.
    """

    def __init__(self, kernel_paths: Sequence[Path], attitude_path: Path, theta_path: Path) -> None:
        self.kernel_paths = tuple(kernel_paths)
        self.theta_deg = read_theta(theta_path)
        texts = [path for path in self.kernel_paths if path.suffix.lower() != ".bsp"]
        with kernels_loaded(texts):
            self.leap_seconds = read_leap_seconds()
            require_moon_orientation()
        self.trajectories = {path: spk_coverage(path) for path in self.kernel_paths if path not in texts}
        self.attitude_path = attitude_path
        self.attitude = read_attitude(attitude_path, self.leap_seconds)
        for defect in self.attitude.defects:
            _log.warning(
                "%s: %s in %d lines from line %d on", defect.file, defect.reason, defect.rows, defect.first_line
            )

    def coverage(self, dates: Iterable[dt.date]) -> list[DayCoverage]:
        """Find out how much of each day trajectories and attitude reach."""
        with kernels_loaded(self.kernel_paths):
            return coverage_of(list(dates), self.trajectories, self.attitude, self.leap_seconds)

    def check_coverage(self, days: Iterable[ArchiveDay]) -> None:
        """Refuse days that trajectories or attitude do not touch at all; gaps within a day only cost their rows.

        Parameters
        ----------
        days : iterable of ArchiveDay
            The days that will be computed.

        Raises
        ------
        DataError
            Naming the day, what is missing and the command that fetches it.
        """
        require_coverage(self.coverage(day.date for day in days), self.kernel_paths, self.attitude_path)

    def compute(self, table: DayTable) -> Geometry:
        """Compute the geometry of every row at the row's own UTC.

        Polarity is +1 where the line along +B meets the Moon; ephemerides are geometric (no light time).

        Parameters
        ----------
        table : DayTable
            Rows with time, magnetic field and azimuths.

        Returns
        -------
        Geometry
            NaN and `is_known` False where ephemeris or attitude do not reach; those rows are counted in `defects`.

        Raises
        ------
        DataError
            If a kernel cannot be read.

        References
        ----------
        Acton 1996, doi:10.1016/0032-0633(95)00107-7 (SPICE).
        """
        et = utc_to_et(table.utc, self.leap_seconds)
        reached = within_reach(et, self.trajectories, [LUNAR_PROSPECTOR, MOON, SUN])
        with kernels_loaded(self._kernels_for(et)):
            position = position_km(LUNAR_PROSPECTOR, MOON, reached)
            # Geometric positions add up, so that the Sun from the spacecraft needs no second look at its trajectory.
            to_sun = position_km(SUN, MOON, reached) - position
            to_moon_frame = ecliptic_to_moon(et)
        axis = spin_axis(self.attitude, et)
        frame = scd_to_parent(axis, to_sun)
        has_ephemeris = np.isfinite(position).all(axis=1) & np.isfinite(to_sun).all(axis=1)
        is_known = has_ephemeris & np.isfinite(frame).all(axis=(1, 2))
        return self._geometry(table, et, is_known, position, to_sun, frame, to_moon_frame)

    def _kernels_for(self, et_s: FloatArray) -> tuple[Path, ...]:
        """Choose the kernels worth loading for some times."""
        known = et_s[np.isfinite(et_s)]
        span = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        return kernels_for(self.kernel_paths, self.trajectories, span)

    def _geometry(
        self,
        table: DayTable,
        et: FloatArray,
        is_known: BoolArray,
        position_ecliptic: FloatArray,
        to_sun_ecliptic: FloatArray,
        scd_to_ecliptic: FloatArray,
        to_moon_frame: FloatArray,
    ) -> Geometry:
        """Turn vectors into the record."""
        to_moon_frame = np.where(is_known[:, None, None], to_moon_frame, np.nan)
        position = rotate(to_moon_frame, position_ecliptic)
        to_sun = rotate(to_moon_frame, to_sun_ecliptic)
        field = rotate(to_moon_frame, rotate(scd_to_ecliptic, table.b_scd_nt))
        polarity, point = footpoint(position, field, MOON_RADIUS_KM)
        spacecraft_latitude, spacecraft_longitude = latitude_longitude_deg(position)
        footpoint_latitude, footpoint_longitude = latitude_longitude_deg(point)
        return Geometry(
            is_known=is_known,
            et_s=et,
            position_iau_moon_km=position,
            spacecraft_latitude_deg=spacecraft_latitude,
            spacecraft_longitude_deg=spacecraft_longitude,
            footpoint_latitude_deg=footpoint_latitude,
            footpoint_longitude_deg=footpoint_longitude,
            polarity=polarity,
            spacecraft_in_sun=spacecraft_in_sun(position, to_sun, MOON_RADIUS_KM),
            footpoint_in_sun=surface_in_sun(point, position + to_sun),
            pitch_deg=pitch_angle_deg(self.theta_deg, table.phi_deg, table.b_scd_nt, polarity),
            defects=self._defects(table, et, position_ecliptic, is_known),
            theta_deg=self.theta_deg,
        )

    def _defects(
        self, table: DayTable, et: FloatArray, position: FloatArray, is_known: BoolArray
    ) -> tuple[Defect, ...]:
        """Count the rows whose geometry is unknown, each under one reason."""
        has_attitude = (et >= self.attitude.et_s[0]) & (et <= self.attitude.et_s[-1])
        has_position = np.isfinite(position).all(axis=1)
        reasons = {
            "no attitude": ~has_attitude,
            "no ephemeris": has_attitude & ~has_position,
            "no direction of the Sun across the spin axis": has_attitude & has_position & ~is_known,
        }
        return tuple(
            Defect(reason, table.source.name, 0, int(hit.sum()), len(np.unique(table.row_sweep[hit])))
            for reason, hit in reasons.items()
            if hit.any()
        )
