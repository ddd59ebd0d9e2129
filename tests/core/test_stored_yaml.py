"""Stored settings are read as plain values or refused in one line."""

import contextlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from potrun.core.errors import DataError
from potrun.core.stored_yaml import LARGEST, read_stored_yaml


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &x [1]\nb: *x\n", "anchors or aliases"),
        ("a: ${oc.env:HOME}\n", "refers to other values"),
        ("a: !!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
        ("[" * 1000, "nested too deeply"),
        ("x" * (LARGEST + 1), "more than"),
        ("- 1\n", "expected key: value"),
        ("a: [1\n", "expected"),
        ("a: \x00", "holds no settings"),
    ],
)
def test_what_settings_are_not(text, words, tmp_path):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(DataError, match=words) as caught:
        read_stored_yaml(tmp_path / "config.yaml")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_settings_come_back(tmp_path):
    settings = {"year": 1998, "archive": {"root": None, "days": ["1998-04-15"]}, "fast": True}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings))
    assert read_stored_yaml(tmp_path / "config.yaml") == settings


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("any") / "config.yaml"


@given(
    content=st.binary(max_size=100) | st.text(st.sampled_from("ab:-[]{}&*!?|> \n#'\"%@`,"), max_size=40).map(str.encode)
)
def test_any_bytes_are_a_mapping_or_one_line(file, content):
    file.write_bytes(content)
    with contextlib.suppress(DataError):
        assert isinstance(read_stored_yaml(file), dict)
