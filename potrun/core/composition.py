"""From words on a command line to checked settings: Hydra's part, and its errors in one line each."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from potrun import __version__
from potrun.core.errors import UsageError, did_you_mean
from potrun.core.provenance import run_name
from potrun.core.settings import RunConfig

GROUPS = ("archive", "fitter", "device", "spacecraft_potential", "executor", "tracking", "variation", "experiment")


def conf_dir() -> Path:
    """Return the absolute folder of the configuration: inside the installed package, else beside the checkout's.

    Raises
    ------
    UsageError
        If neither exists.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / "config.yaml").is_file():
            return folder
    raise UsageError(f"no configuration found in {package / 'conf'} or {package.parent / 'conf'}: reinstall potrun")


def register() -> None:
    """Make the schema and the resolvers known to Hydra; calling it again changes nothing."""
    ConfigStore.instance().store(name="run_schema", node=RunConfig)
    OmegaConf.register_new_resolver("potrun.cores", lambda: os.cpu_count() or 1, replace=True)
    OmegaConf.register_new_resolver("potrun.run_name", _resolve_run_name, replace=True)


def _resolve_run_name(*, _root_: DictConfig) -> str:
    return run_name(to_settings(_root_))


def to_settings(cfg: DictConfig) -> RunConfig:
    """Turn a composed configuration into checked settings.

    Raises
    ------
    UsageError
        If a value is out of range or at odds with another.
    """
    own = {item.name for item in fields(RunConfig)}
    unknown = sorted({str(key) for key in cfg} - own - {"hydra", "experiment", "variation"})
    if unknown:
        raise UsageError(f"{unknown[0]} is no setting of potrun{did_you_mean(unknown[0], known_keys())}")
    # A new container typed by the schema: `hydra` and other foreign nodes are left behind.
    plain = OmegaConf.structured(RunConfig)
    picked = OmegaConf.to_container(
        OmegaConf.masked_copy(cfg, [str(key) for key in cfg if str(key) in own]), resolve=True
    )
    settings = OmegaConf.to_object(OmegaConf.merge(plain, picked))
    assert isinstance(settings, RunConfig)
    return settings


def settings_from(overrides: Sequence[str] = (), config_dir: Path | None = None) -> RunConfig:
    """Compose settings as the command line would, for notebooks and tests.

    Parameters
    ----------
    overrides : sequence of str
        ``["fitter=lillis", "month=4"]``
    config_dir : Path, optional
        A user's own folder of options, beside those of potrun.

    Raises
    ------
    UsageError
        If an override names an unknown key or option, or a value has the wrong type or range.
    """
    from hydra.core.global_hydra import GlobalHydra
    from omegaconf.errors import OmegaConfBaseException

    register()
    GlobalHydra.instance().clear()
    own = [] if config_dir is None else [f"hydra.searchpath=['{config_dir.absolute()}']"]
    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            return to_settings(compose("config", overrides=[*overrides, *own]))
    except (HydraException, OmegaConfBaseException) as error:
        raise UsageError(one_line(error, overrides)) from error


def help_text(overrides: Sequence[str] = (), config_dir: Path | None = None) -> str:
    """Say what can be chosen and set; Hydra's own page takes seconds, since it copies the schema for each group.

    Parameters
    ----------
    overrides : sequence of str
        What is chosen already.
    config_dir : Path, optional
        A user's own folder of options.

    Raises
    ------
    UsageError
        If an override is wrong.
    """
    folders = [conf_dir()] + ([config_dir] if config_dir else [])
    found = {
        group: sorted({path.stem for folder in folders for path in (folder / group).glob("*.yaml")}) for group in GROUPS
    }
    choices = "\n".join(f"  {group}: {', '.join(options)}" for group, options in found.items())
    settings = OmegaConf.to_yaml(OmegaConf.structured(settings_from(overrides, config_dir)))
    return f"""potrun {__version__}: the electrostatic potential of the lunar surface from Lunar Prospector electrons.

  python -m potrun year=1998 fitter=lillis fast=true            one experiment
  python -m potrun -m fitter=halekas,lillis month=4,12          a sweep, compared in the MLflow UI

== Choices: group=option ==
{choices}

== Settings: key=value, as chosen here (their comments are in {conf_dir()}) ==
{settings}
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no data, 4 tracking unreachable, 5 done in part, 128+n signal n.
Other commands: python -m potrun.{{fetch,compare,plot,day,sync,rerun,archive.inspect,archive.simulate}} --help
Flags of Hydra (--multirun, --cfg job, --info ...): python -m potrun --hydra-help; --year 1998 and the like work too
"""


def one_line(error: BaseException, overrides: Iterable[str] = ()) -> str:
    """Say in one line what a Hydra or OmegaConf error means for the person who typed the command."""
    text = "\n".join(str(link) for link in _causes(error))
    if match := re.search(r"UsageError raised while resolving interpolation: (.*)", text):
        return match[1]
    if match := re.search(r"Sweep parameters '(.*)' requires --multirun|Ambiguous value for argument '(.*?)'", text):
        word = match[1] or match[2]
        return f"{word} stands for several values: add -m for a run of each"
    if match := re.search(r"Could not delete from config. '([^'\n]+)'", text):
        return f"{match[1]} cannot be removed from the settings: give it a value, null for none"
    if match := re.search(r"Could not (?:load|find) 'hydra/(launcher|sweeper)/(joblib|submitit|optuna)", text):
        return f"this {match[1]} is not installed: pip install 'potrun[{match[2]}]'"
    if match := re.search(r"Could not find '([^']+)'\s*\n.*?Available options in '[^']+':\s*\n(.*)", text, re.S):
        group, _, option = match[1].rpartition("/")
        options = [line.strip() for line in match[2].splitlines() if re.fullmatch(r"\s+[\w-]+", line)]
        return f"{group}={option} is unknown: choose one of {', '.join(options)}{did_you_mean(option, options)}"
    if match := re.search(
        r"Value '(.*?)' (?:of type '[^']+' could not be converted to|is not a valid) (\w+)", text, re.S
    ):
        key = re.search(r"full_key: (\S+)", text)
        name = key[1] if key else _key_of_value(match[1], overrides)
        kind = {"Integer": "a whole number", "Float": "a number", "bool": "true or false"}.get(match[2], match[2])
        return f"{name}={match[1]} is not allowed: expected {kind}"
    if match := re.search(
        r"(?:Could not (?:override|append to config|delete from config)[^'\n]*|Key )'([^'\n]+)'", text
    ):
        key_text = match[1].removesuffix(".")
        hint = did_you_mean(key_text, known_keys())
        return f"{key_text} is no setting of potrun{hint}; `python -m potrun --help` lists all"
    if match := re.search(r"Error merging override (\S+)", text):
        return f"{match[1]} is not allowed: that setting takes one plain value; its comment in conf/ tells which"
    if re.search(r"Error parsing override|LexerNoViableAlt|mismatched input|override must be", text):
        return _unreadable(overrides)
    return " ".join(text.split())


def _unreadable(overrides: Iterable[str]) -> str:
    """Name the word that Hydra's grammar does not take, and how to write it."""
    words = list(overrides)
    parser = OverridesParser.create()
    for word in words:
        key, equals, value = word.partition("=")
        if word.startswith("-"):
            continue
        try:
            parser.parse_override(word)
        except HydraException:
            if not (equals and value):
                return f"{word!r} cannot be read: write key=value"
            inner = value.strip("'\"").replace("'", "\\'")
            return f"{word!r} cannot be read: Hydra reads some of its characters specially; write \"{key}='{inner}'\""
    return f"{' '.join(words)!r} cannot be read: write key=value, quoting what the shell or Hydra reads specially"


def _causes(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    seen: set[int] = set()  # OmegaConf makes an error its own cause when a debugger or a coverage tool watches
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__


def known_keys() -> list[str]:
    """Return every dotted key and every group name a command line may set."""
    return [*_keys_of(RunConfig), *GROUPS]


def _keys_of(kind: Any, prefix: str = "") -> list[str]:
    keys: list[str] = []
    for item in fields(kind):
        keys.append(prefix + item.name)
        if is_dataclass(item.type):
            keys.extend(_keys_of(item.type, f"{prefix}{item.name}."))
    return keys


def _key_of_value(value: str, overrides: Iterable[str]) -> str:
    return next((o.partition("=")[0] for o in overrides if o.partition("=")[2].strip("'\"") == value), "a setting")
