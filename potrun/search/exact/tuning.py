"""Numbers of the search: what is tried in which order, and when a box is discarded."""

import math

from potrun.core.instrument import N_CELLS
from potrun.core.settings import FitterConfig
from potrun.search.base import beam_bounds

GRID_U, GRID_RATIO = 8, 4
"""Boxes to start from."""

MOST_PIECES = 8
"""Pieces that a box is cut into at most."""

N_BINS = 128
"""Bins of the count tables; a power of two, so that the bin of an edge is exact."""

FLOOR = 1e-6
"""Sums of squares closer than this are taken as equal: noise-free data reach zero, where no fraction can be proven."""

SAFETY = 0.9
"""Share of the tolerance that the search uses up; the rest is for rounding."""

NEGLIGIBLE = 0.02
"""Share of the tolerance that rows may lose in all before their inner cells are looked at one by one."""

CUT_BELOW = 0.3
"""Boxes narrower in U than this many beam widths have their amplitudes cut."""

BALANCE = 1.2
"""How many times its share from unsure cells a box's slack from the beam must be to be reduced first."""

ALONG = 0.6
"""Above this share of what the bound is short by, the amplitude is halved along with the cone's parameters."""

BEAM_REACH = 1e-4
"""The beam is followed cell by cell down to this fraction of the background, and bounded beyond."""

REACH = 12.0
"""Beam widths above the highest centre at which the beam, weaker by 1e-31, is taken as absent."""

SCAN = (0.0, 0.02, 0.08, 0.3, 1.0)
"""Amplitudes tried first, from the lower end (0) of an interval to the upper (1)."""

UNSEEN = 1e-9
"""A row whose cost the beam cannot lower by this fraction of the whole is evaluated without it."""

FAINT = 1e-7
"""A cell where the beam stays below this fraction of the background is evaluated without it."""

POLISH_REACH = 2.0
"""How far from the best U of a search, in beam widths, its lowest point is looked for."""

GOLDEN = 0.6180339887498949
"""Share of an interval that a golden section keeps."""

POLISH_CUTS = 24
"""Golden sections, which leave a part in 10^5 of the interval."""

TIE = 1e-12
"""Values that differ by less than this fraction are equal."""

EQUAL = 1e-7
"""Parameters whose values differ by less than this fraction fit equally well."""

FLAT_STEP, FLAT_REACH = 0.02, 4.0
"""In beam widths, how near the best U the objective must stay as good to be called flat, and how far it is followed."""

FLAT_HALVINGS = 20
"""Times that the end of that range is halved in."""

LAST_STEPS = 3
"""Gauss-Newton steps of the amplitude at the end."""

RIVAL = 5e-7
"""A discarded box that may be better than the best point by more than this fraction is near-optimal and searched."""

INSET = 1e-9
"""Share of a region's range of U that is left out at either end."""

RIVAL_CUTS = 14
"""Golden sections in a near-optimal box, where the objective varies by no more than the tolerance."""

MAX_RIVALS = 256
"""Near-optimal boxes that are searched in a sweep, at most."""

N_RATIO = 44
"""Values of r tried at every node, even in ln r over its whole range."""

NEAR_RATIO = 0.03
N_NEAR = 9
"""Half-width, in ln r, and number of the values of r tried around the best one."""


def inner_cells(settings: FitterConfig) -> int:
    """How many cells of a row to follow the beam in: those that its reach is likely to cover.

    A performance choice: what the beam does to other cells is bounded, whatever their number.
    """
    strongest = beam_bounds(settings)[1] / (settings.background * BEAM_REACH)
    if strongest <= 1.0:
        return 1
    reach_deg = min(settings.beam_angle_deg * math.sqrt(2.0 * math.log(strongest)), 180.0)
    share = 0.5 * (1.0 - math.cos(math.radians(reach_deg)))
    return min(N_CELLS, math.ceil(N_CELLS * share) + 2)
