"""The two forms of a simulated archive: that of the mission, and a plain one that is easy to reason about."""

from dataclasses import dataclass

from potrun.simulate.orbit import MISSION_ORBITS, PLAIN_ORBITS, Orbits
from potrun.simulate.schedule import MISSION_RHYTHM, PLAIN_RHYTHM, Rhythm


@dataclass(frozen=True)
class Form:
    """How sweeps follow each other, where the spacecraft flies, and what the attitude table looks like.

    With `attitude_of_mission` the spin axis follows the mission's status reports, its flip included, and the table is
    in the form of the public one; otherwise the axis drifts slowly and its records have seconds. `earth_shadow` tells
    whether the Earth darkens the Moon.
    """

    rhythm: Rhythm
    orbits: Orbits
    attitude_of_mission: bool
    earth_shadow: bool


def form_of(instrument: str, earth_shadow: bool) -> Form:
    """Choose the form that goes with an instrument: the mission's with "flown", the plain one with "ideal"."""
    if instrument == "flown":
        return Form(MISSION_RHYTHM, MISSION_ORBITS, attitude_of_mission=True, earth_shadow=earth_shadow)
    return Form(PLAIN_RHYTHM, PLAIN_ORBITS, attitude_of_mission=False, earth_shadow=False)
