"""Which region of the Earth's surroundings the Moon is in, told from its place and the plasma together."""

import numpy as np

from potrun.core.records import CodeArray, FloatArray, Region
from potrun.core.settings import RegionConfig


def region_of(
    tail_distance_re: FloatArray,
    tail_angle_deg: FloatArray,
    electron_temperature_ev: FloatArray,
    electron_density_m3: FloatArray,
    rule: RegionConfig,
) -> CodeArray:
    """Name the region of each sweep.

    The place says what is possible, the plasma decides. Within the tail's radius hot electrons are the plasma sheet,
    others the lobe, unless they are as cool and dense as in the magnetosheath, whose border moves. Between tail and
    bow shock it is the magnetosheath, and the solar wind where the electrons are as cold as there. Everything else is
    the solar wind. Night or day has no say: the night side of the tail keeps its lobe or sheet.

    Parameters
    ----------
    tail_distance_re : (S,) float64, Earth radii
        From the aberrated axis of the tail.
    tail_angle_deg : (S,) float64, deg
        Angle at the Earth between that axis and the Moon; above 90 the Moon is on the Sun's side.
    electron_temperature_ev, electron_density_m3 : (S,) float64
        NaN where unknown: then the place decides alone, and the tail is the lobe, its larger part.
    rule : RegionConfig
        Radii and limits.

    Returns
    -------
    (S,) int8
        Values of :class:`potrun.core.records.Region`; UNKNOWN where the place is.

    References
    ----------
    Halekas et al. 2008, doi:10.1029/2008JA013194 (lobe, sheet and wake potentials).
    """
    with np.errstate(invalid="ignore"):
        is_behind = tail_angle_deg < 90.0
        in_tail = is_behind & (tail_distance_re <= rule.tail_radius_re)
        in_sheath = is_behind & ~in_tail & (tail_distance_re <= rule.shock_radius_re)
        is_hot = electron_temperature_ev >= rule.sheet_above_ev
        is_cold = electron_temperature_ev < rule.wind_below_ev
        is_sheath_like = (electron_temperature_ev < rule.lobe_above_ev) & (electron_density_m3 >= rule.sheath_above_m3)
    tail = np.where(is_hot, Region.PLASMA_SHEET, np.where(is_sheath_like, Region.MAGNETOSHEATH, Region.TAIL_LOBE))
    sheath = np.where(is_cold, Region.SOLAR_WIND, Region.MAGNETOSHEATH)
    named = np.where(in_tail, tail, np.where(in_sheath, sheath, Region.SOLAR_WIND))
    is_known = np.isfinite(tail_distance_re) & np.isfinite(tail_angle_deg)
    return np.where(is_known, named, Region.UNKNOWN).astype(np.int8)
