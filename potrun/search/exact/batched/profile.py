"""How well each value of U explains a sweep: the profile from which intervals are read.

For every node of U the best r and A are found, and the model there is compared with the best one cell by cell. The two
differ in a few cells only: those between the two cone edges, and those of the beam. With g the difference of cost of a
cell, a node is as much worse as the sum of g, and chance alone makes that sum as large as the root of the sum of g^2.
Their ratio is the test of Vuong for two models, and has the sweep's own scatter in it: a noisy sweep has many cells
that speak for either side, a clean one few.

The tables of the search give both sums without going through the cells: differences of running costs outside the
beam, and the beam's inner cells one by one.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.losscone.model import beam_energy_profile
from potrun.search.base import beam_bounds
from potrun.search.exact.batched.layout import columns, pick, running_total, total
from potrun.search.exact.batched.lookup import cone_edge, count_below, row_index
from potrun.search.exact.batched.points import Points, best_at
from potrun.search.exact.batched.tables import SweepTables
from potrun.search.exact.tuning import FINE_STEPS, N_COARSE, N_NEAR, N_RATIO, NEAR_RATIO, PIVOT_V


def profile_of_u(tables: SweepTables, best: Points) -> tuple[Tensor, Tensor]:
    """Compare the best model at each node of U with the best of all.

    Parameters
    ----------
    tables : SweepTables
    best : Points
        One point a sweep, in the order of sweeps.

    Returns
    -------
    u, worse_by : (S, K) float64
        Nodes of U (V), rising, and how much worse each is than the best point, in units of what chance brings.

    References
    ----------
    Vuong 1989, doi:10.2307/1912557, equation 5.6.
    """
    u = _nodes(tables, best.u)
    own = best.ratio.expand_as(u)
    ratio = torch.stack([_best_ratio(tables, best, node) for node in u])
    found = _beam_fitted(tables, best, u, ratio).better(_beam_fitted(tables, best, u, own))
    difference = found.value.reshape(u.shape) - best.value
    spread = torch.sqrt(_squares(tables, found, best)).reshape(u.shape)
    worse_by = torch.where(spread > 0.0, difference / spread.clamp(min=1e-300), 0.0)
    worse_by[N_COARSE + len(FINE_STEPS)] = 0.0  # the best point itself
    order = torch.sort(u, dim=0, stable=True).indices
    return u.gather(0, order).T, worse_by.gather(0, order).T


def _nodes(tables: SweepTables, best_u: Tensor) -> Tensor:
    """Nodes of U: the whole range coarsely, the surroundings of the best U finely; (K, S)."""
    settings = tables.layout.settings
    device = best_u.device
    ends = torch.log(PIVOT_V - torch.tensor([settings.u_max_v, settings.u_min_v], dtype=torch.float64, device=device))
    share = torch.linspace(0.0, 1.0, N_COARSE, dtype=torch.float64, device=device)
    coarse = (ends[0] + share * (ends[1] - ends[0]))[:, None].expand(-1, len(best_u))
    steps = torch.tensor([-x for x in FINE_STEPS] + [0.0, *FINE_STEPS], dtype=torch.float64, device=device)
    fine = torch.log(PIVOT_V - best_u) + steps[:, None]
    u = PIVOT_V - torch.exp(torch.cat([coarse, fine]))
    return u.clamp(settings.u_min_v, settings.u_max_v)


def _best_ratio(tables: SweepTables, best: Points, u: Tensor) -> Tensor:
    """Find the value of r with the least cost of each sweep at one U; the beam hardly moves it; (S,)."""
    settings = tables.layout.settings
    device = u.device
    limits = torch.log(torch.tensor([settings.ratio_min, settings.ratio_max], dtype=torch.float64, device=device))
    share = torch.linspace(0.0, 1.0, N_RATIO, dtype=torch.float64, device=device)
    everywhere = (limits[0] + share * (limits[1] - limits[0]))[:, None].expand(-1, len(u))
    near = torch.linspace(-NEAR_RATIO, NEAR_RATIO, N_NEAR, dtype=torch.float64, device=device)
    tried = torch.exp(torch.cat([everywhere, torch.log(best.ratio) + near[:, None]]))
    tried = tried.clamp(settings.ratio_min, settings.ratio_max)
    owner = best.owner.repeat(len(tried))
    rows = row_index(tables, owner)
    lost = count_below(tables, rows, cone_edge(tables, owner, u.repeat(len(tried)), tried.reshape(-1)))
    cost = total(pick(tables.cost, rows * tables.cost.shape[1] + lost)).reshape(tried.shape)
    return tried.gather(0, cost.argmin(dim=0, keepdim=True))[0]


def _beam_fitted(tables: SweepTables, best: Points, u: Tensor, ratio: Tensor) -> Points:
    """Fit the beam's amplitude at nodes of (U, r), both (K, S)."""
    low, high = (torch.full_like(u.reshape(-1), x) for x in beam_bounds(tables.layout.settings))
    known = torch.full_like(low, torch.inf)
    return best_at(tables, best.owner.repeat(len(u)), u.reshape(-1), ratio.reshape(-1), low, high, known, steps=1)


def _squares(tables: SweepTables, found: Points, best: Points) -> Tensor:
    """Sum over cells the squared difference of cost between points and their sweep's best one; (N,)."""
    here, there = _Cells.of(tables, found), _Cells.of(tables, best)
    squares = torch.diff(tables.cost, dim=1).square().T
    steps = running_total(torch.zeros_like(squares[0]), squares).T.contiguous()
    inner = tables.layout.inner
    start = here.rows * steps.shape[1]
    outer = pick(steps, start + here.lost.clamp(min=inner)) - pick(
        steps, start + there.lost.index_select(1, found.owner).clamp(min=inner)
    )
    cells = here.inner - there.inner.index_select(2, found.owner)
    return total(outer.abs()) + total(total(cells.square()))


@dataclass(frozen=True)
class _Cells:
    """What a point makes of the cells of its sweep."""

    rows: Tensor  # (E, N) rows of the flattened tables
    lost: Tensor  # (E, N) cells inside the cone
    inner: Tensor  # (M, E, N) cost of each inner cell

    @classmethod
    def of(cls, tables: SweepTables, points: Points) -> "_Cells":
        """Evaluate the inner cells at points, and count the others that are lost."""
        layout = tables.layout
        rows = row_index(tables, points.owner)
        lost = count_below(tables, rows, cone_edge(tables, points.owner, points.u, points.ratio))
        strength = (
            points.amplitude
            * beam_energy_profile(
                columns(tables.energy_ev, points.owner)[..., None],
                columns(tables.usc_v, points.owner)[..., None],
                points.u,
                layout.settings.beam_width_ev,
            )[..., 0]
        )
        data, beam, used = (
            columns(x, rows.reshape(-1)).reshape(-1, *rows.shape)
            for x in (tables.inner_data, tables.inner_beam, tables.inner_used)
        )
        cell = torch.arange(len(data), device=rows.device)[:, None, None]
        model = layout.base(cell < lost) + strength * beam
        return cls(rows, lost, (data - layout.level(model)).square() * used)
