"""Write the page: everything in one file, so that it can be sent, archived and opened without a network."""

import io
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from potrun import __version__
from potrun.core.atomic import write_text
from potrun.core.provenance import run_name
from potrun.core.settings import RunConfig
from potrun.plots.examples import sweeps_at_quantiles
from potrun.plots.page import explorer, tables
from potrun.plots.page.fill import embedded, fill_page, placeholder
from potrun.plots.strip import draw_strip
from potrun.plots.style import U_TICKS_V, count, span, to_png, u_colours, volts
from potrun.results.run_result import RunResult
from potrun.results.statistics import statistics
from potrun.results.sweeps import LoadSweep

CAPTIONS = {
    "map": "Potentials at the footpoints. Filled: identifiable.",
    "binned": "Medians in bins of latitude and longitude.",
    "time": "Surface and spacecraft potential against time.",
    "plasma": "The electrons of each sweep: density, temperature, kappa, and the spacecraft potential.",
    "chi2": "How well the model fits.",
    "environment": "Potentials by plasma environment.",
    "coverage": "Where the footpoints are.",
    "examples": "Sweeps from good to bad fits: data, model, residual.",
}
SWEEP_DPI = 100


def write_page(
    result: RunResult,
    cfg: RunConfig,
    pictures: Sequence[Path],
    path: Path,
    load_sweep: LoadSweep | None = None,
) -> Path:
    """Write the page of a run with its pictures; see :func:`draft_page`.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    draft = draft_page(result, cfg, [item.stem for item in pictures], load_sweep)
    return write_text(path, fill_page(draft, pictures))


def draft_page(result: RunResult, cfg: RunConfig, names: Sequence[str], load_sweep: LoadSweep | None = None) -> str:
    """Return the page of a run but for its pictures, whose places are marked.

    Without Bokeh it has the same figures and tables, and no map to explore.

    Parameters
    ----------
    result : RunResult
        The run.
    cfg : RunConfig
        What was asked.
    names : sequence of str
        Its pictures.
    load_sweep : callable, optional
        Gives one sweep's data and model by its index; without it there is no picture of a single sweep.

    Returns
    -------
    str
    """
    from jinja2 import Environment

    chosen = sweeps_with_pictures(result, cfg) if load_sweep is not None else []
    strips = {sweep: _strip(result, sweep, load_sweep) for sweep in chosen} if load_sweep is not None else {}
    anchors = {sweep: f"sweep-{result['spec_sweep_id'][sweep]}" for sweep in chosen}
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((files(__package__) / "page.html.j2").read_text("utf-8"))
    numbers = statistics(result, cfg.quality)
    return template.render(
        title=run_name(cfg).rsplit("_", 1)[0].replace("_", " "),
        origin=result.origin,
        span=span(result),
        cfg=cfg,
        version=__version__,
        code=str(result.provenance.get("code", ""))[:12],
        figures=tables.key_figures(result, numbers, cfg.quality),
        explorer=explorer.make_explorer(result, anchors) if explorer.is_there() else None,
        words=explorer.quality_words(),
        scale=_scale(),
        potentials=tables.potentials(result),
        flags=tables.flags(result),
        pictures=[(name, CAPTIONS[name], placeholder(name)) for name in names if name in CAPTIONS],
        strips=[(anchors[sweep], str(result["spec_sweep_id"][sweep]), strips[sweep]) for sweep in chosen],
        settings=tables.settings(cfg),
        inputs=result.provenance.get("inputs", []),
        defects=result.provenance.get("defects", []),
        failed=result.provenance.get("failed_days", {}),
        file_name=result.path.name if result.path else "the result",
        count=count,
    )


def sweeps_with_pictures(result: RunResult, cfg: RunConfig) -> list[int]:
    """Choose the sweeps whose pictures the page holds: the examples, then fits spread evenly over the potentials."""
    wanted = cfg.report_sweeps
    u = result["spec_u_surface"]
    ranked = np.argsort(u[np.isfinite(u)], kind="stable")
    by_potential = np.flatnonzero(np.isfinite(u))[ranked]
    spread = by_potential[np.linspace(0, len(by_potential) - 1, min(wanted, len(by_potential))).round().astype(int)]
    together = dict.fromkeys([*sweeps_at_quantiles(result).tolist(), *spread.tolist()])
    return list(together)[:wanted]


def _strip(result: RunResult, sweep: int, load_sweep: LoadSweep) -> str:
    figure = draw_strip(result, sweep, load_sweep(sweep))
    figure.set_dpi(SWEEP_DPI)
    stream = io.BytesIO()
    to_png(figure, stream)
    return embedded(stream.getvalue())


def _scale() -> list[tuple[str, str]]:
    """Return the colours of the map's scale: a potential and its colour each."""
    from matplotlib.colors import to_hex

    colours, norm = u_colours()
    return [(volts(tick), to_hex(colours(norm(tick)))) for tick in U_TICKS_V]
