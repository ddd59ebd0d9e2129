"""A spacecraft potential moved by a fixed amount, to see what an error of it would do."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from potrun.core.records import DayTable, Geometry, SpacecraftPotential

if TYPE_CHECKING:
    from potrun.plasma.estimate import PotentialModel


@dataclass(frozen=True)
class OffsetPotential:
    """Moves the potential (not the plasma) that another model gives; positive: towards electrons being drawn in.

    Parameters
    ----------
    model : PotentialModel
        Gives the potential to move.
    offset_volts : float, V
        Added to every sweep's potential.
    """

    model: "PotentialModel"
    offset_volts: float

    def estimate(self, table: DayTable, geometry: Geometry) -> SpacecraftPotential:
        """Estimate and move; status, errors and plasma parameters stay as they are.

        Parameters
        ----------
        table : DayTable
            One day.
        geometry : Geometry
            Its geometry.

        Returns
        -------
        SpacecraftPotential
        """
        found = self.model.estimate(table, geometry)
        return replace(found, volts=found.volts + self.offset_volts)
