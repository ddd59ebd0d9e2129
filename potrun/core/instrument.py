"""Facts of Lunar Prospector's Electron Reflectometer that more than one stage needs.

Source: PDS4 labels of the collection ``urn:nasa:pds:lp-er-calibrated`` and Lin et al. 1998
(doi:10.1126/science.281.5382.1480).
"""

import numpy as np

N_CELLS = 88
"""Look directions of one energy row."""

N_CHANNELS = 15
"""Energy rows of a complete sweep; no sweep has more."""

CELLS_AT_LATITUDE = {78.75: 4, 56.25: 8, 33.75: 16, 11.25: 16}
"""Cells on each circle of \\|inclination\\| (deg), northern and southern alike."""

SOLID_ANGLE_SR = {78.75: 0.119570, 56.25: 0.170253, 33.75: 0.127401, 11.25: 0.150279}
"""Solid angle of one cell at each \\|inclination\\| (deg); the 88 add up to 4 pi within rounding."""

CELL_WIDTH_DEG = 22.5
"""Width of every cell in inclination (deg)."""

GEOMETRIC_FACTOR_CM2_SR = 0.02
"""Geometric factor G in the count estimate N = F G E tau of a cell."""

ROW_ACCUMULATION_S = 2.5
"""Time over which one energy row is accumulated; a cell sees it divided by the cells at its latitude."""

ENERGY_RESPONSE_WIDTH = 0.5
"""Relative width dE/E of a channel's log-normal energy response."""

MOON_RADIUS_KM = 1737.4
"""Radius of the sphere on which footpoints lie."""


def cell_solid_angle_sr(theta_deg: np.ndarray) -> np.ndarray:
    """Solid angle of each cell.

    Parameters
    ----------
    theta_deg : (C,) float64, deg
        Inclinations of the cells, as in ``theta.tab``.

    Returns
    -------
    (C,) float64, sr

    Raises
    ------
    ValueError
        If an inclination is not one of the instrument's eight latitudes.
    """
    return _per_latitude(theta_deg, SOLID_ANGLE_SR)


def cell_accumulation_s(theta_deg: np.ndarray) -> np.ndarray:
    """Time for which each cell counts during one energy row.

    Parameters
    ----------
    theta_deg : (C,) float64, deg
        Inclinations of the cells, as in ``theta.tab``.

    Returns
    -------
    (C,) float64, s

    Raises
    ------
    ValueError
        If an inclination is not one of the instrument's eight latitudes.
    """
    return ROW_ACCUMULATION_S / _per_latitude(theta_deg, CELLS_AT_LATITUDE)


def cell_azimuth_width_deg(theta_deg: np.ndarray) -> np.ndarray:
    """Width of each cell in azimuth, (C,) float64 in deg, from its inclination in deg.

    Raises
    ------
    ValueError
        If an inclination is not one of the instrument's eight latitudes.
    """
    return 360.0 / _per_latitude(theta_deg, CELLS_AT_LATITUDE)


def _per_latitude(theta_deg: np.ndarray, values: dict[float, float] | dict[float, int]) -> np.ndarray:
    latitude = np.round(np.abs(np.asarray(theta_deg, dtype=np.float64)), 6)
    unknown = sorted(set(latitude.tolist()) - set(values))
    if unknown:
        raise ValueError(
            f"cell inclinations of +-{unknown} deg found, expected +-{sorted(values)} deg: check theta.tab"
        )
    return np.array([values[x] for x in latitude.tolist()], dtype=np.float64)
