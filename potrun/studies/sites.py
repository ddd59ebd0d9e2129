"""Potentials measured near named places, with what can and cannot be said from so many sweeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from potrun.core.errors import UsageError
from potrun.core.instrument import MOON_RADIUS_KM
from potrun.core.records import Archive, ArchiveDay, BoolArray, FloatArray
from potrun.core.settings import RunConfig, SitesConfig
from potrun.core.table import Cell, Table
from potrun.results.run_result import RunResult
from potrun.results.statistics import illumination
from potrun.studies.base import StudyCase, StudyReport
from potrun.studies.groups import by_region_and_light, orbit_of, quantiles, share_and_interval

ANY = "any"


@dataclass(frozen=True, eq=False)
class NearPlace:
    """Sweeps near a place, of one illumination and region (or any of them), and their `potentials_v`.

    Percentiles (V) are NaN where there are too few sweeps; `strong` sweeps have a |U| above the limit, and `low` and
    `high` are the ends of the 95 % interval of their share.
    """

    place: str
    light: str
    region: str
    sweeps: int
    orbits: int
    percentiles_v: tuple[float, ...]
    strong: int
    share: float
    low: float
    high: float
    verdict: str
    potentials_v: FloatArray

    @property
    def is_enough(self) -> bool:
        """There are enough sweeps for percentiles."""
        return not self.verdict


class PotentialsNearPlaces:
    """Sums the sweeps near each place up, by illumination and region; from measurements, never from a smooth field."""

    def check(self, cfg: RunConfig, archive: Archive, days: Sequence[ArchiveDay]) -> None:  # noqa: ARG002
        """Refuse a run that names no place.

        Raises
        ------
        UsageError
            Saying how to name one.
        """
        if not cfg.study.sites.places:
            raise UsageError(
                "study.sites.places is empty: take experiment=sites, or add '+study.sites.places.mine=[26.1,3.6]' "
                "(latitude, east longitude)"
            )

    def report(self, case: StudyCase) -> StudyReport:
        """Look around each place.

        Parameters
        ----------
        case : StudyCase
            A finished run.

        Returns
        -------
        StudyReport
        """
        from potrun.plots.sites import draw_sites

        settings = case.cfg.study.sites
        result = case.result.of_quality(case.cfg.quality)
        found = [item for name, place in settings.places.items() for item in near_place(result, name, place, settings)]
        strong = f"|U| > {settings.strong_above_v:g} V"
        columns = (
            "place", "light", "region", "sweeps", "orbits", "P5 (V)", "P25 (V)", "median (V)", "P75 (V)", "P95 (V)",
            f"sweeps with {strong}", f"P({strong})", "95 % from", "95 % to", "enough",
        )  # fmt: skip
        rows: list[list[Cell]] = [
            [
                item.place, item.light, item.region, item.sweeps, item.orbits, *item.percentiles_v, item.strong,
                item.share, item.low, item.high, item.verdict or "yes",
            ]
            for item in found
        ]  # fmt: skip
        title = f"U within {settings.radius_km:g} km, quality {case.cfg.quality} ({result.origin})"
        metrics = {
            f"sites/{item.place}/{item.light}/{key}": value
            for item in found
            if item.region == ANY
            for key, value in (("sweeps", float(item.sweeps)), ("median_v", item.percentiles_v[2]))
        }
        empty = [name for name in settings.places if not any(item.sweeps for item in found if item.place == name)]
        remarks = [f"no sweep of quality {case.cfg.quality} near {', '.join(empty)}"] if empty else []
        if result.left_out:
            remarks.append(f"{result.left_out} fits of lesser quality left out; quality=all takes them")
        figure = draw_sites(result, found, settings)
        return StudyReport(metrics, {"sites": Table(title, columns, rows)}, {"sites": figure}, remarks)


def near_place(result: RunResult, name: str, place: Sequence[float], settings: SitesConfig) -> list[NearPlace]:
    """Sum the fitted sweeps near a place up.

    Parameters
    ----------
    result : RunResult
        The sweeps to choose from.
    name : str
        Of the place.
    place : (latitude, east longitude), deg
        Where it is.
    settings : SitesConfig
        What is near, strong and enough.

    Returns
    -------
    list of NearPlace
        By illumination for any region, then for each region that has a sweep.
    """
    near = distance_km(result, *place) <= settings.radius_km
    near &= np.isfinite(result["spec_u_surface"])
    groups: dict[tuple[str, str], BoolArray] = {(side, ANY): chosen for side, chosen in illumination(result).items()}
    for (region, side), chosen in by_region_and_light(result).items():
        if (near & chosen).any():
            groups[side, region] = chosen
    return [_sum_up(result, name, key, near & chosen, settings) for key, chosen in groups.items()]


def distance_km(result: Mapping[str, FloatArray], latitude_deg: float, longitude_deg: float) -> FloatArray:
    """Return the distance of each footpoint from a place along the sphere of 1737.4 km, (S,); NaN without one."""
    latitude, longitude = (np.radians(result[f"spec_projection_{word}"]) for word in ("latitude", "longitude"))
    lat, lon = np.radians(latitude_deg), np.radians(longitude_deg)
    haversine = np.sin((latitude - lat) / 2) ** 2 + np.cos(latitude) * np.cos(lat) * np.sin((longitude - lon) / 2) ** 2
    return np.asarray(2 * MOON_RADIUS_KM * np.arcsin(np.sqrt(np.clip(haversine, 0.0, 1.0))))


def _sum_up(result: RunResult, name: str, key: tuple[str, str], chosen: BoolArray, settings: SitesConfig) -> NearPlace:
    u, number = result["spec_u_surface"][chosen], int(chosen.sum())
    hits = int((np.abs(u) > settings.strong_above_v).sum())
    is_enough = number >= settings.fewest
    verdict = "" if is_enough else f"too few: {number} of {settings.fewest}"
    return NearPlace(
        name, *key, number, len(np.unique(orbit_of(result)[chosen])),
        tuple(quantiles(u if is_enough else u[:0])), hits, *share_and_interval(hits, number), verdict, u,
    )  # fmt: skip
