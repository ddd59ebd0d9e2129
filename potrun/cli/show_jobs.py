"""``python -m potrun -m ... --cfg job``: the settings of each job of a sweep, without running it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from potrun.core.errors import UsageError


def describe_jobs(settings: Sequence[str], config_dir: Path | None = None) -> Iterator[str]:
    """Give the settings of one job after the other, as YAML under a line with its choices.

    Parameters
    ----------
    settings : sequence of str
        The words of the sweep without flags.
    config_dir : Path, optional
        A user's own folder of options.

    Raises
    ------
    UsageError
        If a job's settings are wrong.
    """
    from hydra import initialize_config_dir
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException
    from omegaconf import OmegaConf

    from potrun.core.composition import conf_dir, one_line, settings_from

    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            # glob() looks for the options that there are.
            loader = GlobalHydra.instance().config_loader()
            parsed = OverridesParser.create(config_loader=loader).parse_overrides(list(settings))
            jobs = BasicSweeper.split_arguments(parsed, None)[0]
    except HydraException as error:
        raise UsageError(one_line(error, settings)) from error
    for number, job in enumerate(jobs, start=1):
        made = settings_from(job, config_dir)
        yield f"# job {number} of {len(jobs)}: {' '.join(job)}\n{OmegaConf.to_yaml(OmegaConf.structured(made))}"
