"""Spacecraft potentials that need no fit: the same one for every sweep, and another model's moved by a fixed amount."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from potrun.core.records import DayTable, Geometry, PotentialStatus, SpacecraftPotential
from potrun.plasma.environment import sweep_environment


class PotentialModel(Protocol):
    """Anything that gives each sweep of a day its spacecraft potential."""

    def estimate(self, table: DayTable, geometry: Geometry) -> SpacecraftPotential:
        """Estimate potential and plasma parameters of each sweep."""
        ...


@dataclass(frozen=True)
class ConstantPotential:
    """Gives every sweep one potential and measures no plasma.

    Parameters
    ----------
    volts : float, V
        Potential of the spacecraft against the plasma, positive in sunlight as a rule.
    """

    volts: float

    def estimate(self, table: DayTable, geometry: Geometry) -> SpacecraftPotential:
        """Repeat the potential for each sweep; temperature, density, kappa and all errors are NaN.

        Parameters
        ----------
        table : DayTable
            One day.
        geometry : Geometry
            Its geometry, which tells the wake (footpoint in shadow) from the rest.

        Returns
        -------
        SpacecraftPotential
            With status CONSTANT.
        """
        unknown = np.full(table.n_sweeps, np.nan)
        return SpacecraftPotential(
            volts=np.full(table.n_sweeps, float(self.volts)),
            electron_temperature_ev=unknown,
            electron_density_m3=unknown,
            kappa=unknown,
            sigma_volts=unknown,
            sigma_electron_temperature_ev=unknown,
            sigma_electron_density_m3=unknown,
            sigma_kappa=unknown,
            reduced_chi2=unknown,
            status=np.full(table.n_sweeps, PotentialStatus.CONSTANT, dtype=np.int8),
            environment=sweep_environment(table, geometry, unknown),
        )


@dataclass(frozen=True)
class OffsetPotential:
    """Moves the potential (not the plasma) that another model gives, to see what an error of it would do.

    Parameters
    ----------
    model : PotentialModel
        Gives the potential to move.
    offset_volts : float, V
        Added to every sweep's potential; positive: towards electrons being drawn in.
    """

    model: PotentialModel
    offset_volts: float

    def estimate(self, table: DayTable, geometry: Geometry) -> SpacecraftPotential:
        """Estimate and move; status, errors and plasma parameters stay as they are."""
        found = self.model.estimate(table, geometry)
        return replace(found, volts=found.volts + self.offset_volts)
