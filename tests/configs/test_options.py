"""Every option of every group, and every experiment, composes into checked settings."""

import pytest

from potrun.core.composition import GROUPS, conf_dir, settings_from

CHOICES = [f"{group}={path.stem}" for group in GROUPS for path in sorted((conf_dir() / group).glob("*.yaml"))]


@pytest.mark.parametrize("choice", CHOICES)
def test_option_composes(choice):
    settings_from([choice])


PRESETS = sorted(path for group in ("launcher", "sweeper") for path in (conf_dir() / "hydra" / group).glob("*.yaml"))


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_preset_composes(path):
    settings_from([f"hydra/{path.parent.name}={path.stem}"])


def test_every_group_has_an_option():
    assert {choice.partition("=")[0] for choice in CHOICES} >= set(GROUPS)
