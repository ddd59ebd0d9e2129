"""The standard error of U from the curvature of the objective, and how the other parameters follow U."""

import torch
from torch import Tensor

from potrun.search.likelihood.evaluate import T


def towards(curvature: Tensor, is_free: Tensor) -> tuple[Tensor, Tensor]:
    """Find the standard error of t with all other free parameters at their best, and how they follow t.

    Parameters
    ----------
    curvature : (S, P, P) float64
    is_free : (S, P) bool

    Returns
    -------
    spread : (S,) float64
    direction : (S, P) float64
        Change of each parameter along the profile, that of t being one.
    """
    free = is_free.to(curvature.dtype)
    matrix = curvature * free[:, :, None] * free[:, None, :]
    diagonal = torch.diagonal(matrix, dim1=1, dim2=2)
    matrix = matrix + torch.diag_embed(torch.where(free > 0, diagonal * 1e-9 + 1e-9, 1.0))
    column = torch.zeros_like(free)
    column[:, T] = 1.0
    solved = torch.linalg.solve_ex(matrix, column[..., None])[0][..., 0] * free
    variance = solved[:, T]
    direction = torch.where((variance > 1e-12)[:, None], solved / variance[:, None], column)
    # A direction that the curvature hardly knows may lead anywhere.
    direction = torch.where((direction.abs() < 1e3).all(1, keepdim=True), direction, column)
    return torch.sqrt(variance.clamp(1e-10, 4.0)), direction


def curvature_error(curvature: Tensor, is_free: Tensor) -> Tensor:
    """Find the standard error of t with all other free parameters at their best, (S,)."""
    return towards(curvature, is_free)[0]
