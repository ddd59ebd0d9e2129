"""Kernels are plausible or refused, the one that is used is named, and the pool of others stays theirs."""

import datetime as dt
import logging
import os
import re

import numpy as np
import pytest
import spiceypy

from potrun.archive.days import scan_archive
from potrun.archive.table import read_day
from potrun.core.errors import DataError
from potrun.geometry.compute import GeometryModel
from potrun.geometry.kernels import choose_texts, kernels_loaded, spk_coverage
from potrun.geometry.plausible import leap_second_trouble, orbit_trouble, orientation_trouble
from potrun.geometry.text_kernel import read_text_kernel
from tests.support.tables import table_lines, write_day

LSK, PCK, SPK = (f"spice_kernels/{name}" for name in ("sim_lsk.tls", "sim_pck.tpc", "lp_sim_980601-981031.bsp"))


def model_of(root):
    archive = scan_archive(root)
    return GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path)


def rewritten(root, name, change):
    path = root / name
    before = path.read_text()
    path.write_text(change(before))
    assert path.read_text() != before
    return path


def nutation_removed(text):
    return text[: text.index("BODY301_NUT_PREC_RA")]


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        (LSK, lambda text: text[:400], r"sim_lsk\.tls .*(no end|missing)"),
        (LSK, lambda text: re.sub(r",\s*32, @1999-JAN-1", "", text), r"1999-01-01 is 31 s, expected 32 s"),
        (LSK, lambda text: text.replace("32, @1999-JAN-1", "32, @1999-JUL-1"), r"1999-01-01 is 31 s, expected 32 s"),
        (LSK, lambda text: text.replace("32.184", "31.184"), r"DELTA_T_A is 31.184, expected 32.184"),
        (LSK, lambda text: text.replace("@1999-JAN-1", "@1999-JAMES-1"), r"is no date"),
        (PCK, nutation_removed, r"BODY301_NUT_PREC_RA is missing"),
        (PCK, lambda text: text[: text.index("BODY301_NUT_PREC_RA") + 60], r"BODY301_NUT_PREC_RA has no end"),
        (PCK, lambda text: text.replace("-3.8787", "-3.x787"), r"`-3.x787` that is no number"),
        (PCK, lambda text: text.replace("66.5392", "56.5392"), r"BODY301_POLE_DEC is 56.5392, expected 66.5392"),
        (PCK, lambda text: text.replace("BODY301_POLE_RA", "BODY301 POLE_RA"), r"is no assignment"),
    ],
)
def test_a_text_kernel_that_is_not_right_is_named(copy, name, change, words):
    rewritten(copy, name, change)
    with pytest.raises(DataError, match=words) as caught:
        model_of(copy)
    assert str(copy / name) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [LSK, PCK])
def test_a_text_kernel_cut_anywhere_is_refused_or_tells_the_same(copy, name):
    path = copy / name
    text = path.read_text()
    trouble = leap_second_trouble if name == LSK else orientation_trouble
    whole = read_text_kernel(path)
    assert trouble(whole) == ""
    for size in range(0, len(text), 5):
        path.write_text(text[:size])
        try:
            cut = read_text_kernel(path)
        except DataError:
            continue
        if not trouble(cut):
            assert {**whole, **cut} == whole
            assert size > 0.8 * len(text)


def test_an_older_leap_second_kernel_that_sorts_later_is_passed_over(copy, caplog):
    (copy / "spice_kernels/zz_old.tls").write_text(
        re.sub(r",\s*3\d, @199[79]-J\w\w-1", "", (copy / LSK).read_text()), encoding="ascii"
    )
    with caplog.at_level(logging.WARNING):
        model = model_of(copy)
    assert model.leap_seconds.tai_minus_utc_s[-1] == 32
    assert "using sim_lsk.tls, not zz_old.tls (TAI - UTC on 1997-07-01 is 30 s, expected 31 s)" in caplog.text
    assert "zz_old.tls" not in [path.name for path in model.kernel_paths]


def test_of_several_right_kernels_the_last_is_used_and_said(copy, caplog):
    (copy / "spice_kernels/sim_pck2.tpc").write_text((copy / PCK).read_text())
    with caplog.at_level(logging.WARNING):
        model = model_of(copy)
    assert "using sim_pck2.tpc, not sim_pck.tpc" in caplog.text
    assert [path.name for path in model.kernel_paths[:2]] == ["sim_pck2.tpc", "sim_lsk.tls"]


def test_text_kernels_are_read_as_the_toolkit_reads_them(copy):
    kernels = choose_texts([copy / LSK, copy / PCK])
    with kernels_loaded([]):
        for path in kernels:
            spiceypy.furnsh(str(path))
        theirs = {name: spiceypy.gdpool(name, 0, 1000).tolist() for name in spiceypy.gnpool("*", 0, 1000)}
    ours = {name: values for path in kernels for name, values in read_text_kernel(path).items()}
    # The toolkit's own parser is off by a last digit now and then.
    assert ours == {name: pytest.approx(values, rel=4e-16) for name, values in theirs.items()}


def test_what_text_kernels_may_hold(tmp_path):
    path = tmp_path / "any.tpc"
    path.write_bytes(
        b"KPL/PCK\r\nA = 5\r\n\\begindata\r\nB = 1.5D-3\r\n C=( 1, 2\t3 )\r\nD = 'it''s'\r\nC += (4)\r\n"
        b"\\begintext\r\n  E = 6 \r\n\\begindata\r\nF = ( 'a' 'b' )\r\nG = @2000-JAN-1\r\n"
    )
    assert read_text_kernel(path) == {
        "B": [0.0015], "C": [1, 2, 3, 4], "D": ["it's"], "F": ["a", "b"], "G": [-43200.0],
    }  # fmt: skip


@pytest.fixture
def table(tmp_path):
    return read_day(write_day(tmp_path / "made", table_lines(40)))


def test_a_trajectory_with_a_hole_of_nul_bytes_is_refused(copy, table):
    whole = (copy / SPK).read_bytes()
    model_of(copy).compute(table)
    refused = 0
    for start in range(4096, len(whole) - 20_000, len(whole) // 12):
        data = bytearray(whole)
        data[start : start + 20_000] = bytes(20_000)
        (copy / SPK).write_bytes(data)
        try:
            positions = model_of(copy).compute(table).position_iau_moon_km
        except DataError:
            refused += 1
        else:
            radius = np.linalg.norm(positions, axis=1)
            assert (np.isnan(radius) | ((radius > 1740) & (radius < 1950))).all()
    assert refused > 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p, s: (p * 0, s), "0 km from the Moon's centre, expected 1,740 to 1,950 km"),
        (lambda p, s: (p * 1.2, s), "km from the Moon's centre"),
        (lambda p, s: (np.where(np.arange(5)[:, None] == 3, -p, p), s), "moving at .* km/s, expected less than 2 km/s"),
        (lambda p, s: (p, s / 2), r"the Sun 7\.5e\+07 km from the Moon"),
    ],
)
def test_positions_where_no_orbit_is_are_told(change, words):
    et = np.arange(5) * 5.0
    angle = et * 1.63 / 1837
    position = 1837 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    to_sun = np.tile([1.5e8, 0.0, 0.0], (5, 1))
    position[1] = np.nan
    assert orbit_trouble(position, to_sun, et) == (-1, "")
    row, trouble = orbit_trouble(*change(position, to_sun), et)
    assert row >= 0
    assert re.search(words, trouble)


@pytest.mark.parametrize(("bodies", "spans"), [(1001, 1), (1, 1001), (2, 2500)])
def test_a_trajectory_of_many_segments_is_listed_whole(tmp_path, bodies, spans):
    path = tmp_path / "many.bsp"
    handle = spiceypy.spkopn(str(path), "test", 0)
    states = np.zeros((2, 6))
    for body in range(bodies):
        for span in range(spans):
            start = 100.0 * span
            spiceypy.spkw08(handle, -1000 - body, 301, "J2000", start, start + 50, "x", 1, 2, states, start, 50.0)
    spiceypy.spkcls(handle)
    known = spk_coverage(path)
    assert len(known) == bodies
    assert {len(found) for found in known.values()} == {spans}


def test_meta_kernels_relative_names_and_variables_come_back(copy, table, tmp_path, monkeypatch):
    monkeypatch.chdir(copy)
    meta = tmp_path / "mine.tm"
    meta.write_text(f"KPL/MK\n\\begindata\nKERNELS_TO_LOAD = ( '{PCK}', 'spice_kernels/sim_planets.bsp' )\n")
    with kernels_loaded([]):
        spiceypy.furnsh(LSK)
        spiceypy.furnsh(str(meta))
        spiceypy.pdpool("POTRUN_NUMBERS", [1.0, 2.0])
        spiceypy.pcpool("POTRUN_TEXTS", ["x", "y" * 70])
        spiceypy.pdpool("BODY301_RADII", [1.0, 1.0, 1.0])

        def pool():
            listed = [spiceypy.kdata(index, "ALL") for index in range(spiceypy.ktotal("ALL"))]
            names = sorted(spiceypy.gnpool("*", 0, 1000))
            numbers = [spiceypy.gdpool(n, 0, 99).tolist() for n in names if spiceypy.dtpool(n)[1] == "N"]
            texts = [list(spiceypy.gcpool(n, 0, 99)) for n in names if spiceypy.dtpool(n)[1] == "C"]
            return (
                [item[:3] for item in listed],
                names,
                numbers,
                texts,
                spiceypy.spkpos("10", -43_140_000.0, "J2000", "NONE", "301")[0],
            )

        before = pool()
        model_of(copy).compute(table)
        after = pool()
        assert before[:4] == after[:4]
        np.testing.assert_array_equal(before[4], after[4])


def test_what_cannot_come_back_is_named_and_the_result_kept(copy, table, monkeypatch, caplog):
    monkeypatch.chdir(copy)
    with kernels_loaded([]):
        spiceypy.furnsh("spice_kernels/sim_planets.bsp")
        spiceypy.furnsh(str(copy / LSK))
        os.chdir("/")
        geometry = model_of(copy).compute(table)
        assert geometry.is_known.all()
        assert spiceypy.ktotal("ALL") == 1
    assert "SPICE kernel spice_kernels/sim_planets.bsp, loaded before, cannot be loaded again" in caplog.text


def test_a_kernel_with_windows_line_ends_is_read(copy, table):
    path = copy / LSK
    want = model_of(copy).compute(table).et_s
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    np.testing.assert_array_equal(model_of(copy).compute(table).et_s, want)
    assert dt.date(1998, 8, 20) == table.date
