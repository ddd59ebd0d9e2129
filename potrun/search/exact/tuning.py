"""Constants of the search: the order in which boxes are tried, and when one is discarded.

Most of them only decide how fast a search is; which ones limit what it finds is said there.
"""

import math

from potrun.core.instrument import N_CELLS
from potrun.core.settings import FitterConfig
from potrun.search.base import beam_bounds

GRID_U, GRID_RATIO = 8, 4
"""Numbers of boxes in U and in r that a search starts from."""

MOST_PIECES = 8
"""Largest number of pieces that a box is cut into."""

N_BINS = 128
"""Bins of the count tables; a power of two, so that the bin of an edge is exact."""

FLOOR = 1e-6
"""Sums of squares closer than this are equal: in noise-free data they reach zero, where no fraction can be proven."""

SAFETY = 0.9
"""Share of the tolerance that the search uses; the rest is left for rounding."""

NEGLIGIBLE = 0.02
"""Share of the tolerance by which faint beams, in all rows, may lower the bound before they are followed by cell."""

CUT_BELOW = 0.3
"""A box narrower in U than this many beam widths is cut in amplitude."""

BALANCE = 1.2
"""The beam's part of a box's slack is reduced first if it exceeds the undecided cells' part by this factor."""

ALONG = 0.6
"""If the beam's part exceeds this share of what the bound lacks, A is halved together with U or r."""

BEAM_REACH = 1e-4
"""The beam is followed cell by cell where it exceeds this fraction of the background, and bounded elsewhere."""

REACH = 12.0
"""Beam widths above its highest centre beyond which the beam, weaker by 1e-31, is taken as zero."""

SCAN = (0.0, 0.02, 0.08, 0.3, 1.0)
"""Amplitudes tried first, as fractions of their interval."""

UNSEEN = 1e-9
"""A row whose cost the beam can lower by less than this fraction of the sweep's is evaluated without it."""

FAINT = 1e-7
"""A cell where the beam stays below this fraction of the background is evaluated without it."""

POLISH_REACH = 2.0
"""How far from the best U, in beam widths, the polish looks for the lowest point."""

GOLDEN = 0.6180339887498949
"""Fraction of an interval that a golden section keeps."""

POLISH_CUTS = 24
"""Golden sections of the polish; they leave one part in 10^5 of the interval."""

TIE = 1e-12
"""Values that differ by less than this fraction are equal."""

EQUAL = 1e-7
"""Points whose objectives differ by less than this fraction fit equally well; the reported middle depends on it."""

FLAT_STEP, FLAT_REACH = 0.02, 4.0
"""In beam widths: the step from the best U over which a flat objective stays equal, and how far it is followed."""

FLAT_HALVINGS = 20
"""Bisections that locate the end of the flat range."""

LAST_STEPS = 3
"""Final Gauss-Newton steps of the amplitude."""

NEAR_OPTIMAL = 5e-7
"""A discarded box whose bound lies below the best value by more than this fraction is near-optimal, and searched."""

INSET = 1e-9
"""Fraction of a region's range of U that is left out at either end."""

NEAR_OPTIMAL_CUTS = 14
"""Golden sections in a near-optimal box, where the objective varies by no more than the tolerance."""

MAX_NEAR_OPTIMAL = 256
"""Largest number of near-optimal boxes searched in a sweep."""

N_RATIO = 44
"""Values of r tried at every node of the profile, evenly spaced in ln r over its range."""

NEAR_RATIO = 0.03
N_NEAR = 9
"""Half-width in ln r, and number, of further values of r around the best one."""


def inner_cells(settings: FitterConfig) -> int:
    """Return the number of cells of a row in which to follow the beam: those that it is likely to reach.

    This only decides the speed: the beam's effect on the other cells is bounded, however many there are.
    """
    strongest = beam_bounds(settings)[1] / (settings.background * BEAM_REACH)
    if strongest <= 1.0:
        return 1
    reach_deg = min(settings.beam_angle_deg * math.sqrt(2.0 * math.log(strongest)), 180.0)
    share = 0.5 * (1.0 - math.cos(math.radians(reach_deg)))
    return min(N_CELLS, math.ceil(N_CELLS * share) + 2)
