"""Addresses, names, sizes and digests of the public archive, and which names are refused."""

import datetime as dt
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from potrun.core.composition import conf_dir
from potrun.core.errors import UsageError
from potrun.fetch.catalogue import checked_base, files_for, mission_days, safe_target, total_bytes
from potrun.fetch.settings import BaseUrls, compose


@pytest.fixture
def public() -> BaseUrls:
    return compose([]).fetch.base_urls


def test_whole_mission(public):
    days = [day.date for day in mission_days()]
    files = files_for(days, public)
    assert len(days) == 560
    assert sum(file.date is not None for file in files) == 560
    assert len({file.relative_path for file in files}) == len(files) == 569
    assert 12e9 < total_bytes(files) < 15e9
    assert sum(file.digest is not None for file in files) == 7


def test_public_addresses(public):
    urls = {file.relative_path: file.url for file in files_for([dt.date(1998, 1, 16)], public)}
    assert urls == {
        "theta.tab": "https://pds-ppi.igpp.ucla.edu/data/lp-er-calibrated/data-3deleflux-anc/theta/theta.tab",
        "attitude.tab": "https://pds-geosciences.wustl.edu/lunar/prospectorcd/lp_0019/geometry/attitude.tab",
        "spice_kernels/latest_leapseconds.tls": (
            "https://naif.jpl.nasa.gov/pub/naif/generic_kernels/lsk/latest_leapseconds.tls"
        ),
        "spice_kernels/pck00011.tpc": "https://naif.jpl.nasa.gov/pub/naif/generic_kernels/pck/pck00011.tpc",
        "spice_kernels/lpephemu.bsp": "https://pds-geosciences.wustl.edu/missions/lunarp/spice/lpephemu.bsp",
        "spice_kernels/lp_ask_980111-980531.bsp": (
            "https://naif.jpl.nasa.gov/pub/naif/LPM/kernels/spk/lp_ask_980111-980531.bsp"
        ),
        "1998/001_031JAN/3D980116.TAB": (
            "https://pds-ppi.igpp.ucla.edu/data/lp-er-calibrated/data-3deleflux/1998/001_031JAN/3D980116.TAB"
        ),
    }


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (dt.date(1998, 5, 30), {"lp_ask_980111-980531.bsp"}),
        (dt.date(1998, 5, 31), {"lp_ask_980111-980531.bsp", "lp_ask_980601-981031.bsp"}),
        (dt.date(1998, 6, 1), {"lp_ask_980111-980531.bsp", "lp_ask_980601-981031.bsp"}),
        (dt.date(1998, 12, 24), {"lp_ask_981101-990331.bsp"}),
        (dt.date(1999, 7, 29), {"lp_ask_990401-990730.bsp"}),
    ],
)
def test_trajectories_of_a_day(public, day, expected):
    assert {file.name for file in files_for([day], public) if file.name.startswith("lp_ask")} == expected


def test_mirror_serves_the_local_layout(public):
    public.mirror = "https://mirror.example/lp"
    for file in files_for([dt.date(1999, 4, 29)], public):
        assert file.url == f"https://mirror.example/lp/{file.relative_path}"


@pytest.mark.parametrize(
    "url",
    [
        "http://pds.example/",
        "ftp://127.0.0.1/",
        "file:///data",
        "data",
        "",
        "https://",
        "https://user:word@host/",
        "https://host/?list=1",
        "http://127.0.0.1.example/",
    ],
)
def test_refused_base(url):
    with pytest.raises(UsageError, match="expected https|use https"):
        checked_base("naif", url)


@pytest.mark.parametrize("url", ["https://host/a", "http://127.0.0.1:8000", "http://localhost/", "http://[::1]:8000/"])
def test_accepted_base(url):
    assert checked_base("naif", url) == url.rstrip("/") + "/"


@pytest.mark.parametrize(
    "name",
    ["../x", "a/../../x", "/etc/passwd", "a//b", "", ".", "a/.", "C:\\x", "a\\b", "c:x", "x\0", "https://host/x"],
)
def test_names_that_could_lead_elsewhere_are_refused(name):
    with pytest.raises(UsageError, match="no plain file name"):
        safe_target(Path("root"), name)


def test_plain_name_goes_below_the_root():
    assert safe_target(Path("root"), "1998/a/b.TAB") == Path("root/1998/a/b.TAB")


def test_defaults_of_the_code_and_of_the_file_agree():
    from potrun.fetch.settings import FetchSettings

    written = OmegaConf.to_container(OmegaConf.load(conf_dir() / "fetch.yaml"))
    in_code = OmegaConf.to_container(OmegaConf.structured(FetchSettings))
    for urls in (written["fetch"].pop("base_urls"), in_code["fetch"].pop("base_urls")):
        assert set(urls) == {"tables_from", "pds_ppi", "naif", "geosciences", "mirror"}
    assert written == in_code
