"""A smooth field on the sphere, fitted to scattered values: real spherical harmonics with a ridge."""

from dataclasses import dataclass

import numpy as np
from scipy.special import sph_harm_y

from potrun.core.records import FloatArray


def harmonics(latitude_deg: FloatArray, longitude_deg: FloatArray, degree: int) -> FloatArray:
    """Evaluate the real spherical harmonics up to a degree, each of mean square one over the sphere.

    Parameters
    ----------
    latitude_deg, longitude_deg : (N,) float64, deg
        Places.
    degree : int
        Highest degree.

    Returns
    -------
    (N, (degree + 1)^2) float64
        By degree l, then order m from -l to l: sines for negative m, cosines for positive ones.
    """
    colatitude, longitude = np.radians(90.0 - latitude_deg), np.radians(longitude_deg)
    columns = []
    for n in range(degree + 1):
        for m in range(-n, n + 1):
            value = sph_harm_y(n, abs(m), colatitude, longitude)
            part = value.real if m >= 0 else value.imag
            columns.append(part * (np.sqrt(4 * np.pi) if m == 0 else np.sqrt(8 * np.pi)))
    return np.stack(columns, axis=1)


def degrees_of(degree: int) -> FloatArray:
    """Return the degree of each harmonic, ((degree + 1)^2,) float64."""
    return np.repeat(np.arange(degree + 1, dtype=np.float64), 2 * np.arange(degree + 1) + 1)


@dataclass(frozen=True, eq=False)
class Field:
    """Coefficients of a field, in the unit of its values."""

    coefficients: FloatArray
    degree: int

    @classmethod
    def fit(
        cls, latitude_deg: FloatArray, longitude_deg: FloatArray, values: FloatArray, degree: int, ridge: float
    ) -> "Field":
        """Fit a field by least squares with a penalty on what is not constant.

        Minimises the sum of the squared residuals plus `ridge` times the sum of l (l + 1) c^2, so that the ridge counts
        in values and a field without information in the data is the constant.

        Parameters
        ----------
        latitude_deg, longitude_deg, values : (N,) float64
            Places (deg) and what was found there.
        degree : int
            Highest degree.
        ridge : float
            Strength of the penalty; 0: none, and the shortest of equally good solutions is taken.

        Returns
        -------
        Field
        """
        design = harmonics(latitude_deg, longitude_deg, degree)
        order = degrees_of(degree)
        penalty = np.diag(np.sqrt(ridge * order * (order + 1.0)))
        stacked = np.concatenate([design, penalty])
        wanted = np.concatenate([values, np.zeros(len(order))])
        return cls(np.linalg.lstsq(stacked, wanted, rcond=None)[0], degree)

    def at(self, latitude_deg: FloatArray, longitude_deg: FloatArray) -> FloatArray:
        """Return the field at places, (N,)."""
        return np.asarray(harmonics(latitude_deg, longitude_deg, self.degree) @ self.coefficients)

    @property
    def variance(self) -> float:
        """Mean square of the field over the sphere about its mean."""
        return float((self.coefficients[1:] ** 2).sum())


def known_field(degree: int, deviation: float, seed: int = 0) -> Field:
    """Draw a field of mean 0 and a standard deviation over the sphere, of about equal power in each degree above 0."""
    order = degrees_of(degree)
    drawn = np.random.default_rng(seed).standard_normal(len(order)) / np.sqrt(2 * order + 1)
    drawn[0] = 0.0
    return Field(deviation * drawn / np.sqrt((drawn**2).sum()), degree)


def correlation(first: Field, second: Field) -> float:
    """Return the correlation of two fields over the sphere, their means aside; NaN where one is constant."""
    number = min(len(first.coefficients), len(second.coefficients))
    a, b = first.coefficients[1:number], second.coefficients[1:number]
    size = np.sqrt(first.variance * second.variance)
    return float((a * b).sum() / size) if size > 0 else float("nan")
