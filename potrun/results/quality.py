"""How far each sweep's potential can be trusted: a bitmask of what is wrong with it, and one word.

The rules are a table: each flag names the columns that it needs. A result that lacks one of them (a file that another
program wrote) is not judged by that flag.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.records import AtBound, BoolArray, Region
from potrun.core.settings import QualityConfig

Columns = Mapping[str, NDArray[Any]]


class Quality(IntFlag):
    """What is to be known about a sweep; 0: nothing is wrong."""

    NONE = 0
    NO_FIT = 1
    NOT_IDENTIFIABLE = 2
    AT_BOUND = 4
    FEW_CELLS = 8
    SUNLIT_CELLS = 16
    ATTITUDE_OLD = 32
    ATTITUDE_GAP = 64
    GRAZING = 128
    MIXED_POLARITY = 256
    RESPONSE_MISFIT = 512
    NONADIABATIC = 1024
    EARTH_SHADOW = 2048
    ENERGY_TABLE_CHANGE = 4096
    BURST_MODE = 8192
    SUNLIT_PLASMA_SHEET = 16384
    PARTICLE_EVENT = 32768


class QualityClass(IntEnum):
    """The one word."""

    GOOD = 0
    USABLE = 1
    POOR = 2


POOR = (
    Quality.NO_FIT
    | Quality.NOT_IDENTIFIABLE
    | Quality.FEW_CELLS
    | Quality.MIXED_POLARITY
    | Quality.ENERGY_TABLE_CHANGE
    | Quality.PARTICLE_EVENT
)
"""Flags of which one is enough for "poor"; any other makes a sweep "usable"."""

BURST_DATES = (dt.date(1999, 3, 17), *(dt.date(1999, 6, day) for day in (27, 28, 29, 30)))
"""Days on which the instrument was in burst or high-resolution modes, from the readme of the ER collection."""


@dataclass(frozen=True)
class Rule:
    """When a flag is raised: the columns it needs, and the test."""

    flag: Quality
    needs: tuple[str, ...]
    test: Callable[[Columns, QualityConfig], BoolArray]


def _burst(columns: Columns, _limits: QualityConfig) -> BoolArray:
    dates = np.array([date.isoformat() for date in BURST_DATES])
    return np.isin(columns["spec_utc_start"].astype("<U10"), dates)


def _sunlit_sheet(columns: Columns, _limits: QualityConfig) -> BoolArray:
    return np.asarray((columns["spec_region"] == Region.PLASMA_SHEET) & columns["spec_projection_in_sun"])


def _misfit(columns: Columns, limits: QualityConfig) -> BoolArray:
    """Judge by the folded model where it was fitted, else by the electrons' distribution alone."""
    by_electrons = columns["spec_potential_chi2"] > limits.response_chi2_max
    if "spec_fit_misfit" not in columns:
        return np.asarray(by_electrons)
    is_folded = np.isfinite(columns["spec_fit_deviance_per_freedom"])
    return np.where(is_folded, columns["spec_fit_misfit"], by_electrons)


RULES = (
    Rule(Quality.NO_FIT, ("spec_has_fit",), lambda c, _: ~c["spec_has_fit"]),
    Rule(
        Quality.NOT_IDENTIFIABLE,
        ("spec_u_identifiable", "spec_u_lo95"),
        lambda c, _: ~c["spec_u_identifiable"] & np.isfinite(c["spec_u_lo95"]),
    ),
    Rule(Quality.AT_BOUND, ("spec_at_bound",), lambda c, _: c["spec_at_bound"] & ~np.int8(AtBound.BEAM_UPPER) != 0),
    Rule(
        Quality.FEW_CELLS,
        ("spec_n_valid_cells", "spec_has_fit"),
        lambda c, q: c["spec_has_fit"] & (c["spec_n_valid_cells"] < q.min_cells),
    ),
    Rule(
        Quality.SUNLIT_CELLS,
        ("spec_sun_masked_fraction",),
        lambda c, q: c["spec_sun_masked_fraction"] > q.sun_masked_max,
    ),
    Rule(
        Quality.ATTITUDE_OLD,
        ("spec_attitude_age",),
        lambda c, q: c["spec_attitude_age"] > 86400.0 * q.attitude_age_max_days,
    ),
    Rule(Quality.ATTITUDE_GAP, ("spec_unknown_rows",), lambda c, _: c["spec_unknown_rows"] > 0),
    Rule(Quality.GRAZING, ("spec_dip",), lambda c, q: c["spec_dip"] < q.dip_min_deg),
    Rule(Quality.MIXED_POLARITY, ("spec_mixed_polarity",), lambda c, _: c["spec_mixed_polarity"]),
    Rule(Quality.RESPONSE_MISFIT, ("spec_potential_chi2",), _misfit),
    Rule(Quality.NONADIABATIC, ("spec_is_nonadiabatic",), lambda c, _: c["spec_is_nonadiabatic"]),
    Rule(Quality.EARTH_SHADOW, ("spec_sun_covered_by_earth",), lambda c, _: c["spec_sun_covered_by_earth"] > 0),
    Rule(Quality.ENERGY_TABLE_CHANGE, ("spec_energy_table_changed",), lambda c, _: c["spec_energy_table_changed"]),
    Rule(Quality.BURST_MODE, ("spec_utc_start",), _burst),
    Rule(Quality.SUNLIT_PLASMA_SHEET, ("spec_region", "spec_projection_in_sun"), _sunlit_sheet),
    Rule(Quality.PARTICLE_EVENT, ("spec_particle_event",), lambda c, _: c["spec_particle_event"]),
)


def judge(columns: Columns, limits: QualityConfig) -> dict[str, NDArray[Any]]:
    """Judge each sweep.

    Parameters
    ----------
    columns : mapping of str to array
        Columns of sweeps; a flag whose columns are not there is not raised.
    limits : QualityConfig
        From where on something is wrong.

    Returns
    -------
    dict
        ``spec_quality`` (a sum of :class:`Quality`) and ``spec_quality_class`` (:class:`QualityClass`).
    """
    mask = np.zeros(len(columns["spec_has_fit"]), dtype=np.int32)
    for rule in RULES:
        if all(name in columns for name in rule.needs):
            mask |= np.where(rule.test(columns, limits), np.int32(rule.flag), np.int32(0))
    word = np.where(mask & POOR, QualityClass.POOR, np.where(mask, QualityClass.USABLE, QualityClass.GOOD))
    return {"spec_quality": mask, "spec_quality_class": word.astype(np.int8)}


def is_wanted(columns: Columns, wanted: str) -> BoolArray:
    """Tell which sweeps are of a quality: ``good``, ``usable`` (or better) or ``all``.

    A result that is not judged has all of its sweeps.

    Returns
    -------
    (S,) bool
    """
    if wanted == "all" or "spec_quality_class" not in columns:
        return np.ones(len(columns["spec_spec_no"]), dtype=np.bool_)
    return np.asarray(columns["spec_quality_class"] <= QualityClass[wanted.upper()])


def count_flags(columns: Columns) -> dict[str, int]:
    """Count the sweeps that have each flag, by its name in lower case."""
    mask = columns["spec_quality"]
    return {str(flag.name).lower(): int(((mask & flag) != 0).sum()) for flag in Quality if flag}
