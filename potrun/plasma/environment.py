"""Which plasma surrounds the spacecraft, told from illumination and electron temperature."""

import numpy as np

from potrun.core.records import BoolArray, CodeArray, DayTable, Environment, FloatArray, Geometry

TEMPERATURE_LIMITS_EV = (30.0, 80.0, 150.0)
"""Electron temperatures that part solar wind, magnetosheath, tail lobe and plasma sheet."""


def sweep_majority(table: DayTable, counted: BoolArray, flag: BoolArray) -> BoolArray:
    """Tell whether a flag holds on more than half of each sweep's counted rows.

    Parameters
    ----------
    table : DayTable
        Gives the rows of each sweep.
    counted : (R,) bool
        Rows that have a say.
    flag : (R,) bool
        What is asked of them.

    Returns
    -------
    (S,) bool
        False also where no row is counted.
    """
    votes = np.where(counted, np.where(flag, 1, -1), 0)
    return np.asarray(np.add.reduceat(votes, table.sweep_start) > 0) if table.n_sweeps else np.zeros(0, dtype=bool)


def classify_environment(
    has_footpoint: BoolArray, footpoint_in_sun: BoolArray, electron_temperature_ev: FloatArray
) -> CodeArray:
    """Name the plasma environment of each sweep.

    A footpoint in shadow is the wake whatever the temperature; in sun the electron temperature decides.

    Parameters
    ----------
    has_footpoint : (S,) bool
        Whether the field line reaches the Moon.
    footpoint_in_sun : (S,) bool
        Whether the footpoint is lit.
    electron_temperature_ev : (S,) float64, eV
        NaN where unknown.

    Returns
    -------
    (S,) int8
        Values of :class:`potrun.core.records.Environment`.
    """
    by_temperature = Environment.SOLAR_WIND + np.searchsorted(
        TEMPERATURE_LIMITS_EV, np.nan_to_num(electron_temperature_ev), side="right"
    )
    lit = np.where(np.isnan(electron_temperature_ev), Environment.UNKNOWN, by_temperature)
    known = np.where(footpoint_in_sun, lit, Environment.WAKE)
    return np.where(has_footpoint, known, Environment.UNKNOWN).astype(np.int8)


def sweep_environment(table: DayTable, geometry: Geometry, electron_temperature_ev: FloatArray) -> CodeArray:
    """Name each sweep's environment from its rows' geometry (most of its footpoints decide) and its temperature.

    Parameters
    ----------
    table : DayTable
        Gives the rows of each sweep.
    geometry : Geometry
        Footpoints and their illumination, per row.
    electron_temperature_ev : (S,) float64, eV
        NaN where unknown.

    Returns
    -------
    (S,) int8
        Values of :class:`potrun.core.records.Environment`.
    """
    has_row_footpoint = geometry.polarity != 0
    everywhere = np.ones(table.n_rows, dtype=bool)
    has_footpoint = sweep_majority(table, everywhere, has_row_footpoint)
    in_sun = sweep_majority(table, has_row_footpoint, geometry.footpoint_in_sun)
    return classify_environment(has_footpoint, in_sun, electron_temperature_ev)
