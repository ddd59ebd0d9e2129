"""Where the Moon was and how high the Sun stood over a footpoint, for each sweep of a result."""

from dataclasses import dataclass

import numpy as np

from potrun.core.records import Archive, FloatArray
from potrun.geometry.compute import GeometryModel
from potrun.geometry.coverage import kernels_for, within_reach
from potrun.geometry.ephemeris import MOON, SUN, ecliptic_to_moon, position_km
from potrun.geometry.ephemeris_time import utc_to_et
from potrun.geometry.frames import rotate
from potrun.geometry.kernels import kernels_loaded
from potrun.results.run_result import RunResult

EARTH = 399


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Surroundings of S sweeps.

    `tail_angle_deg` is the angle, seen from the Earth, between the Moon and the direction away from the Sun: 0 at full
    moon, in the middle of the magnetotail. `zenith_deg` is the Sun's distance from the footpoint's zenith: above 90 the
    footpoint is in shadow. NaN where kernels do not reach or there is no footpoint.
    """

    tail_angle_deg: FloatArray
    zenith_deg: FloatArray


def surroundings(archive: Archive, result: RunResult) -> Surroundings:
    """Compute the surroundings of each sweep at its start.

    Parameters
    ----------
    archive : Archive
        Holds the kernels.
    result : RunResult
        Tells times and footpoints.

    Returns
    -------
    Surroundings

    Raises
    ------
    DataError
        If a kernel cannot be read.
    """
    model = GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path)
    et = within_reach(utc_to_et(result["spec_utc_start"], model.leap_seconds), model.trajectories, [MOON, SUN, EARTH])
    known = et[np.isfinite(et)]
    span = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    with kernels_loaded(kernels_for(model.kernel_paths, model.trajectories, span)):
        sun, earth = position_km(SUN, MOON, et), position_km(EARTH, MOON, et)
        to_moon_frame = ecliptic_to_moon(et)
    latitude, longitude = (np.radians(result[f"spec_projection_{name}"]) for name in ("latitude", "longitude"))
    up = np.stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=1
    )
    return Surroundings(_angle_deg(-earth, earth - sun), _angle_deg(up, rotate(to_moon_frame, sun)))


def _angle_deg(a: FloatArray, b: FloatArray) -> FloatArray:
    cosine = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
