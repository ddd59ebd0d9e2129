"""The geometry of a day's rows."""

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np

from potrun.core.errors import DataError
from potrun.core.instrument import MOON_RADIUS_KM
from potrun.core.records import Archive, BoolArray, DayTable, Defect, FloatArray, Geometry, TextArray
from potrun.core.settings import ArchiveConfig
from potrun.geometry.attitude import attitude_age_s, in_gap, in_manoeuvre, spin_axis
from potrun.geometry.attitude_table import read_attitude
from potrun.geometry.coverage import DayCoverage, coverage_of, kernels_for, within_reach
from potrun.geometry.ephemeris import EARTH, LUNAR_PROSPECTOR, MOON, SUN, ecliptic_to_moon, position_km
from potrun.geometry.ephemeris_time import utc_to_et
from potrun.geometry.footpoint import footpoint, spacecraft_in_sun, surface_in_sun
from potrun.geometry.frames import latitude_longitude_deg, rotate, rotate_all, scd_to_parent
from potrun.geometry.kernels import (
    choose_texts,
    kernels_loaded,
    mean_radius_km,
    read_leap_seconds,
    spk_coverage,
)
from potrun.geometry.pitch import pitch_angle_deg
from potrun.geometry.plausible import cells_trouble, orbit_trouble
from potrun.geometry.shadow import SHADE_LIMIT, covered_part, penumbral_magnitude
from potrun.geometry.sunlight import sun_elevation_deg, sunlit_cells
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
    settings : ArchiveConfig, optional
        How to read the archive: sunlit cells, kind of the cells' directions, offset of the magnetometer.

    Raises
    ------
    DataError
        If a file is missing or cannot be read.
    """

    def __init__(
        self,
        kernel_paths: Sequence[Path],
        attitude_path: Path,
        theta_path: Path,
        settings: ArchiveConfig | None = None,
    ) -> None:
        self._settings = settings or ArchiveConfig()
        self.theta_deg = read_theta(theta_path)
        self._theta_path, self._is_warned = theta_path, False
        spks = [path for path in kernel_paths if path.suffix.lower() == ".bsp"]
        texts = choose_texts([path for path in kernel_paths if path not in spks])
        self.kernel_paths = (*texts, *spks)
        with kernels_loaded(texts):
            self.leap_seconds = read_leap_seconds()
            self._radii_km = {body: mean_radius_km(body) for body in (SUN, EARTH)}
        self.trajectories = {path: spk_coverage(path) for path in spks}
        self.attitude_path = attitude_path
        self.attitude = read_attitude(attitude_path, self.leap_seconds)
        for defect in self.attitude.defects:
            _log.warning(
                "%s: %s in %d lines from line %d on", defect.file, defect.reason, defect.rows, defect.first_line
            )

    @classmethod
    def of(cls, archive: Archive, settings: ArchiveConfig) -> Self:
        """Make the model of an archive's files."""
        return cls(archive.kernel_paths, archive.attitude_path, archive.theta_path, settings)

    def coverage(self, dates: Iterable[dt.date]) -> list[DayCoverage]:
        """Find out how much of each day trajectories and attitude reach."""
        with kernels_loaded(self.kernel_paths):
            return coverage_of(list(dates), self.trajectories, self.attitude, self.leap_seconds)

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
        self._warn_of_cells(table)
        et = utc_to_et(table.utc, self.leap_seconds)
        reached = within_reach(et, self.trajectories, [LUNAR_PROSPECTOR, MOON, SUN])
        with kernels_loaded(self._kernels_for(et)):
            position = position_km(LUNAR_PROSPECTOR, MOON, reached)
            # Geometric positions add up, so that the Sun from the spacecraft needs no second look at its trajectory.
            to_sun = position_km(SUN, MOON, reached) - position
            has_earth = within_reach(reached, self.trajectories, [EARTH])
            to_earth = position_km(EARTH, MOON, has_earth) - position
            to_moon_frame = ecliptic_to_moon(et)
        self._require_orbit(position, to_sun, et, table)
        axis = spin_axis(self.attitude, et)
        frame = scd_to_parent(axis, to_sun)
        has_ephemeris = np.isfinite(position).all(axis=1) & np.isfinite(to_sun).all(axis=1)
        is_known = has_ephemeris & np.isfinite(frame).all(axis=(1, 2))
        to_moon_frame = np.where(is_known[:, None, None], to_moon_frame, np.nan)
        elevation = np.where(is_known, sun_elevation_deg(axis, to_sun), np.nan)
        bodies = (rotate(to_moon_frame, vector) for vector in (position, to_sun, to_earth))
        geometry = self._geometry(table, et, is_known, elevation, rotate_all(to_moon_frame, frame), *bodies)
        geometry = replace(geometry, ecliptic_north=to_moon_frame[:, :, 2])
        return replace(geometry, defects=self._defects(table, geometry, np.asarray(np.isfinite(position).all(axis=1))))

    def _warn_of_cells(self, table: DayTable) -> None:
        """Say once that inclinations and azimuths do not fit together."""
        trouble = "" if self._is_warned else cells_trouble(self.theta_deg, table.phi_deg)
        if trouble:
            self._is_warned = True
            _log.warning("theta table %s does not fit %s: %s", self._theta_path, table.source.name, trouble)

    def penumbral_magnitude(self, utc: TextArray) -> FloatArray:
        """Tell how far the Moon reaches into the Earth's penumbra.

        Parameters
        ----------
        utc : (R,) str
            Texts ``YYYY-MM-DDThh:mm:ss``.

        Returns
        -------
        (R,) float64
            See :func:`potrun.geometry.shadow.penumbral_magnitude`; NaN where Sun or Earth are unknown.
        """
        et = within_reach(utc_to_et(utc, self.leap_seconds), self.trajectories, [SUN, EARTH, MOON])
        sun, earth = self._radii_km[SUN], self._radii_km[EARTH]
        if sun is None or earth is None:
            return np.full(len(et), np.nan)
        with kernels_loaded(self._kernels_for(et)):
            bodies = position_km(SUN, MOON, et), position_km(EARTH, MOON, et)
        found = penumbral_magnitude(*bodies, (sun, earth, MOON_RADIUS_KM))
        return np.where(np.isfinite(et), found, np.nan)

    def _require_orbit(self, position: FloatArray, to_sun: FloatArray, et: FloatArray, table: DayTable) -> None:
        """Refuse positions where the spacecraft cannot have been."""
        row, trouble = orbit_trouble(position, to_sun, et)
        if not trouble:
            return
        body = SUN if trouble.startswith("the Sun") else LUNAR_PROSPECTOR
        found = within_reach(np.full(1, et[row]), self.trajectories, [body])
        names = [
            path.name
            for path, bodies in self.trajectories.items()
            if any(start <= found[0] <= end for start, end in bodies.get(body, ()))
        ]
        raise DataError(f"{table.utc[row]}: {', '.join(names)} puts {trouble}: fetch it again")

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
        sun_elevation: FloatArray,
        scd_to_moon: FloatArray,
        position: FloatArray,
        to_sun: FloatArray,
        to_earth: FloatArray,
    ) -> Geometry:
        """Turn vectors in IAU_MOON into the record."""
        settings = self._settings
        b_scd = table.b_scd_nt - np.array(settings.b_offset_nt)
        b_moon = rotate(scd_to_moon, b_scd)
        polarity, point = footpoint(position, b_moon, MOON_RADIUS_KM)
        spacecraft_latitude, spacecraft_longitude = latitude_longitude_deg(position)
        footpoint_latitude, footpoint_longitude = latitude_longitude_deg(point)
        covered = self._covered(to_sun, to_earth)
        covered_below = self._covered(position + to_sun - point, position + to_earth - point)
        # Where the Earth's place is unknown its shadow is not looked for; the defects say so.
        in_sun = spacecraft_in_sun(position, to_sun, MOON_RADIUS_KM) & ~(covered >= SHADE_LIMIT)
        # What moves one way is seen by looking the other way.
        motion = 1.0 if settings.directions == "motion" else -1.0
        return Geometry(
            is_known=is_known,
            et_s=et,
            position_iau_moon_km=position,
            spacecraft_latitude_deg=spacecraft_latitude,
            spacecraft_longitude_deg=spacecraft_longitude,
            footpoint_latitude_deg=footpoint_latitude,
            footpoint_longitude_deg=footpoint_longitude,
            polarity=polarity,
            spacecraft_in_sun=in_sun,
            footpoint_in_sun=surface_in_sun(point, position + to_sun) & ~(covered_below >= SHADE_LIMIT),
            pitch_deg=pitch_angle_deg(self.theta_deg, table.phi_deg, motion * b_scd, polarity),
            theta_deg=self.theta_deg,
            is_sunlit_cell=sunlit_cells(
                self.theta_deg, table.phi_deg, sun_elevation, in_sun, settings.sun_mask_deg, settings.directions
            ),
            sun_covered_by_earth=covered,
            attitude_age_s=attitude_age_s(self.attitude, et),
            in_manoeuvre=in_manoeuvre(self.attitude, et),
            b_iau_moon_nt=b_moon,
            moon_to_sun_km=position + to_sun,
            moon_to_earth_km=position + to_earth,
        )

    def _covered(self, to_sun: FloatArray, to_earth: FloatArray) -> FloatArray:
        """Part of the Sun behind the Earth, NaN where it cannot be told."""
        sun, earth = self._radii_km[SUN], self._radii_km[EARTH]
        if sun is None or earth is None:
            return np.full(len(to_sun), np.nan)
        return np.asarray(covered_part(to_sun, to_earth, sun, earth))

    def _defects(self, table: DayTable, geometry: Geometry, has_position: BoolArray) -> tuple[Defect, ...]:
        """Count the rows whose geometry is unknown, each under one reason, and those with something to know about."""
        et, known = geometry.et_s, geometry.is_known
        turned, age, covered = geometry.in_manoeuvre, geometry.attitude_age_s, geometry.sun_covered_by_earth
        assert turned is not None
        assert age is not None
        assert covered is not None
        before = ~(et >= self.attitude.et_s[0])
        in_a_gap = in_gap(self.attitude, et)
        has_attitude = ~before & ~turned & ~in_a_gap
        lost = {
            "no attitude before its first record": before,
            "attitude unknown during a manoeuvre": turned,
            "attitude unknown between records over 30 days apart or not believed": in_a_gap,
            "no ephemeris": has_attitude & ~has_position,
            "no direction of the Sun across the spin axis": has_attitude & has_position & ~known,
        }
        days = f" (up to {age.max() / 86400:.1f} days)" if np.isfinite(age).all() and len(age) else ""
        noted = {
            f"attitude held on after its last record{days}": known & (age > 0),
            "the Earth covers part of the Sun": covered > 0,
            "no place or size of the Earth in the kernels, its shadow is not looked for": known & np.isnan(covered),
        }
        return tuple(
            Defect(reason, table.source.name, 0, int(hit.sum()) * cost, len(np.unique(table.row_sweep[hit])) * cost)
            for reasons, cost in ((lost, 1), (noted, 0))
            for reason, hit in reasons.items()
            if hit.any()
        )
