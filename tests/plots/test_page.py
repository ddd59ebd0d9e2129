"""The page of a run: what it tells, that it needs nothing else, and what a browser makes of it."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from potrun.core.composition import settings_from
from potrun.plots import draw_all
from potrun.plots.map import cut_longitude
from potrun.plots.page import explorer, tables
from potrun.plots.page.write import sweeps_with_pictures, write_page
from potrun.results.quality import QualityClass
from potrun.results.statistics import statistics
from tests.plots.test_pictures import load_sweep, make_run

CFG = replace(settings_from(["fitter=lillis", "tracking=off"]), report_sweeps=2)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A run and its page."""
    folder = tmp_path_factory.mktemp("page")
    run = make_run()
    pictures = draw_all(run, folder / "pictures", load_sweep, names=["map", "chi2"])
    return run, write_page(run, CFG, pictures, folder / "report.html", load_sweep)


def test_the_page_stands_alone(page):
    text = page[1].read_text()
    # Bokeh's own script names addresses in its texts; the page must load none.
    own = re.sub(r"<script.*?</script>", "", text, flags=re.S)
    loaded = re.findall(r"""(?:src|href)="([^"]*)""", own)
    assert {address.split(",")[0] for address in loaded if not address.startswith("#")} == {"data:image/png;base64"}
    assert not re.search(r"<script[^>]*\ssrc=|<link|@import", text)
    assert len(text) < 4e6


def test_the_page_tells_what_the_statistics_tell(page):
    run, path = page
    text, numbers = path.read_text(), statistics(run, "good")
    figures = {name: value for name, value, _ in tables.key_figures(run, numbers, "good")}
    assert figures["sweeps fitted"] == str(int(run.spec_has_fit.sum()))
    assert figures["identifiable"] == str(int(numbers["identifiable"]))
    for value in figures.values():
        assert f"<b>{value}</b>" in text
    assert "SIMULATED" in text
    assert "fitter.method" in text.split("not the default", 1)[1].split("</table>", 1)[0]


def test_groups_add_up_and_a_few_sweeps_have_no_percentiles():
    run = make_run()
    table = tables.potentials(run)
    known = np.isfinite(run.spec_u_surface) & np.isfinite(run.spec_projection_latitude)
    assert sum(row[2] for row in table.rows) == known.sum()
    for row in table.rows:
        assert (row[4] is None) == (row[2] < 20)
        assert (row[5] is None) == (row[2] < 4)
        assert row[6] is not None


def test_every_sweep_with_a_footpoint_is_in_the_map():
    run = make_run()
    chosen, step = explorer.sweeps_to_show(run)
    assert step == 1
    columns = explorer.columns_of(run, chosen, {int(chosen[3]): "sweep-x"})
    np.testing.assert_array_equal(columns["u"], run.spec_u_surface[np.isfinite(run.spec_projection_latitude)])
    assert columns["picture"][3] == "sweep-x"
    assert set(columns["picture"]) == {"", "sweep-x"}
    is_sure = run.spec_u_identifiable[chosen] & np.isfinite(columns["u"])
    np.testing.assert_array_equal(columns["fill"] > 0, is_sure)


def test_a_map_is_cut_where_few_sweeps_are():
    assert cut_longitude(np.array([170.0, -175.0, 179.0, 10.0])) == -90.0
    assert cut_longitude(np.array([10.0, -5.0, 30.0, np.nan])) == -180.0
    assert cut_longitude(np.array([170.0, -90.0, -95.0, -80.0])) == -180.0


def test_pictures_of_single_sweeps_are_of_fits_and_different(page):
    run = page[0]
    for number in (0, 1, 5, 12):
        chosen = sweeps_with_pictures(run, replace(CFG, report_sweeps=number))
        assert len(chosen) == len(set(chosen)) == number
        assert run.spec_has_fit[chosen].all()


def test_without_bokeh_the_page_has_its_figures_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(explorer, "is_there", lambda: False)
    run = make_run()
    pictures = draw_all(run, tmp_path, names=["chi2"])
    text = write_page(run, CFG, pictures, tmp_path / "report.html").read_text()
    assert "pip install 'potrun[report]'" in text
    assert text.count("data:image/png;base64") == 1
    assert "Bokeh.documents" not in text


@pytest.fixture(scope="module")
def browser(page):
    """A headless Chromium without a network that has opened the page."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: pip install selenium")
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (program and driver):
        pytest.skip("no browser: install chromium and chromium-driver to test the page")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,1400"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    browser.set_network_conditions(offline=True, latency=0, throughput=0)
    browser.get(page[1].as_uri())
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(browser, 60).until(
        lambda it: it.execute_script("return document.getElementById('shown')?.textContent")
    )
    yield browser
    browser.quit()


@pytest.mark.browser
def test_the_map_shows_filters_and_tells_a_sweep(browser, page):
    run = page[0]
    known = np.isfinite(run.spec_projection_latitude)
    good = known & (run.spec_quality_class == QualityClass.GOOD)
    read = "return document.getElementById('shown').textContent"
    assert browser.execute_script(read) == f"{known.sum()} of {known.sum()} sweeps"
    choose = (
        "const e = document.getElementById('by-class'); e.value = arguments[0]; e.dispatchEvent(new Event('change'))"
    )
    browser.execute_script(choose, "0")
    assert browser.execute_script(read) == f"{good.sum()} of {known.sum()} sweeps"
    browser.execute_script(choose, "2")
    pictured = sweeps_with_pictures(run, CFG)[0]
    place = int(np.flatnonzero(np.flatnonzero(known) == pictured)[0])
    browser.execute_script("potrunSource.selected.indices = [arguments[0]]", place)
    told = browser.find_element("id", "chosen").text
    assert str(run.spec_sweep_id[pictured]) in told
    assert str(run.spec_utc_start[pictured]) in told
    assert f"{abs(run.spec_u_surface[pictured]):.1f} V" in told
    assert browser.find_element("css selector", "#chosen img").get_attribute("src").startswith("data:image/png")
    trouble = [item for item in browser.get_log("browser") if item["level"] in ("SEVERE", "WARNING")]
    assert not trouble


@pytest.mark.browser
def test_nothing_is_wider_than_a_telephone(browser):
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
