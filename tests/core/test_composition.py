"""Settings from words: what is accepted, and what an error says."""

import subprocess
import sys

import pytest

from potrun.core.composition import conf_dir, known_keys, settings_from
from potrun.core.errors import UsageError


def test_overrides_reach_the_settings():
    cfg = settings_from(["year=1998", "month=4", "fitter=lillis", "fitter.background=0.1", "archive.root=x"])
    assert (cfg.year, cfg.month, cfg.day) == (1998, 4, None)
    assert cfg.fitter.method == "lillis"
    assert cfg.fitter.background == 0.1
    assert cfg.archive.root == "x"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("fitter=lilis", ["fitter=lilis", "halekas, likelihood, lillis", "did you mean lillis?"]),
        ("fitter.bacground=1", ["fitter.bacground", "did you mean fitter.background?"]),
        ("fiter=lillis", ["fiter", "did you mean fitter?"]),
        ("month=13", ["month=13", "1 to 12"]),
        ("month=x", ["month=x", "a whole number"]),
        ("year=2001", ["year=2001", "1998 to 1999"]),
        ("year=1998.5", ["year=1998.5", "a whole number"]),
        ("fast=maybe", ["fast=maybe", "true or false"]),
        ("day=3", ["day=3", "month"]),
        ("fitter.background=[1]", ["fitter.background", "a number"]),
        ("fitter.solver=newton", ["newton", "branch_and_bound"]),
        ("fitter.u_max_v=-3", ["u_max_v=-3", "0 to 29"]),
        ("fitter.ratio_min=1.5", ["ratio_min=1.5", "ratio_max=1.1"]),
        ("spacecraft_potential.volts=3", ["volts=3", "spacecraft_potential=constant"]),
        ("device.threads=0", ["threads=0", "1 to 1024"]),
        ("+foo=1", ["foo", "no setting"]),
        ("+fitter.foo=1", ["foo", "no setting"]),
        ("~year", ["year", "cannot be removed"]),
        ("a b", ["a b", "key=value"]),
    ],
)
def test_a_mistake_gets_one_line_with_what_was_given_and_what_is_allowed(override, words):
    with pytest.raises(UsageError) as caught:
        settings_from([override])
    text = str(caught.value)
    assert "\n" not in text
    for word in words:
        assert word in text


def test_known_keys_cover_groups_and_nested_settings():
    keys = known_keys()
    assert {"fitter", "fitter.differential_evolution.seed", "device.batch_size", "output_dir"} <= set(keys)


def test_every_yaml_key_has_a_comment_or_explains_itself():
    for path in sorted(conf_dir().glob("*/*.yaml")):
        first = path.read_text(encoding="utf-8").lstrip().splitlines()[0]
        assert first.startswith("#"), f"{path.name} must begin with a comment that says what it is for"


def test_help_and_usage_errors_import_no_heavy_library():
    code = (
        "import sys; sys.argv = ['potrun', {argument!r}]\n"
        "from potrun.__main__ import _run\n"
        "try: _run(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch', 'mlflow', 'scipy', 'pandas', 'matplotlib', 'spiceypy') if m in sys.modules])"
    )
    for argument in ("--help", "month=13"):
        out = subprocess.run(
            [sys.executable, "-c", code.format(argument=argument)], capture_output=True, text=True, check=True
        ).stdout
        assert out.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("argument", ["month=13", "fitter=lilis", "=3"])
def test_a_usage_error_exits_with_2_and_leaves_nothing(argument, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "potrun", argument], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("potrun: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_word_that_cannot_be_read_is_named_alone():
    with pytest.raises(UsageError, match=r"^'archive.root=a=b \(c\)' cannot be read: .*archive.root='a=b \(c\)'"):
        settings_from(["month=4", "archive.root=a=b (c)"])
    assert settings_from(["archive.root='a=b (c)'"]).archive.root == "a=b (c)"
