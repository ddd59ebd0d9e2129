"""What a browser shows of a finished sweep in MLflow's own pages."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.tracking_server import TrackingServer

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


@pytest.fixture(scope="module")
def browser():
    """Return a headless Chromium."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: pip install selenium")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not (program and driver):
        pytest.skip("no browser: install chromium and chromium-driver to test MLflow's pages")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=2600,1300"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def site(browser, tmp_path_factory):
    """Return the address and the client of a store with one finished sweep over both fitters."""
    folder = tmp_path_factory.mktemp("ui")
    arguments = ["-m", "fitter=halekas,lillis", "year=1998", "month=4", "day=15", "archive.sweeps_per_day=10"]
    arguments.append("archive.instrument=ideal")
    done = subprocess.run(
        [sys.executable, "-m", "potrun", *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    server = TrackingServer(folder, folder / "outputs" / "mlflow.db")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def runs(site):
    """Return the sweep's runs by fitter, its parent under ``parent``."""
    client = site.client()
    experiment = client.get_experiment_by_name("potrun").experiment_id
    return {run.data.params.get("fitter.method", "parent"): run for run in client.search_runs([experiment])}


def test_the_table_shows_chi2_and_choices(browser, site, runs, tmp_path):
    experiment = runs["parent"].info.experiment_id
    browser.get(f"{site.uri}/#/experiments/{experiment}/runs?workflowType=machine_learning")
    find(browser, f"//a[contains(@href, '{runs['parent'].info.run_id}')]/ancestor::*[@role='gridcell']//button").click()
    find(browser, "//*[@data-testid='column-selection-dropdown']").click()
    columns = ["chi2/median", "chi2/p95", "fitter.method", "month"]
    for column in columns:
        search = find(browser, "//input[@placeholder='Search columns']")
        search.send_keys("\ue009a\ue000", column)  # control-a, then over it
        find(browser, f"//*[contains(@class, 'tree-title')][normalize-space()='{column}']").click()
    browser.find_element("tag name", "body").send_keys("\ue00c")
    for fitter in ("halekas", "lillis"):
        run = runs[fitter]
        find(browser, f"//a[contains(@href, '{run.info.run_id}')]")
        shown = {column: cell(browser, run, column) for column in columns}
        assert shown["fitter.method"] == fitter
        assert shown["month"] == "4"
        assert float(shown["chi2/median"]) == pytest.approx(run.data.metrics["chi2/median"], rel=1e-3)
        assert float(shown["chi2/p95"]) == pytest.approx(run.data.metrics["chi2/p95"], rel=1e-3)
    keep(browser, tmp_path, "table")


def test_the_view_has_its_columns(browser, site, runs, tmp_path):
    experiment = runs["parent"].info.experiment_id
    browser.get("about:blank")
    page = f"{site.uri}/#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey=potrun"
    browser.get(page)
    for column in ("chi2/median", "fitted", "fitter", "potential_sun_v/median"):
        find(browser, f"//*[@role='columnheader'][contains(@col-id, '{column}')]")
    keep(browser, tmp_path, "view")


def test_the_description_shows_numbers_and_map(browser, site, runs, tmp_path):
    for kind, word in (("lillis", "9 of 10 sweeps"), ("parent", "2 jobs")):
        run = runs[kind]
        browser.get("about:blank")
        browser.get(f"{site.uri}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}")
        find(browser, f"//*[contains(text(), '{word}')]")
        find(browser, "//*[normalize-space()='Show more']").click()
        assert image_width(browser) > 500
        keep(browser, tmp_path, f"description_{kind}")


def test_the_run_page_shows_the_pictures(browser, site, runs, tmp_path):
    run = runs["lillis"]
    pictures = [item.path for item in site.client().list_artifacts(run.info.run_id, "pictures")]
    assert {"pictures/map.png", "pictures/chi2.png"} <= set(pictures)
    for picture in ("pictures/map.png", "pictures/chi2.png"):
        show_artifact(browser, site, run, picture)
        assert image_width(browser) > 500
    keep(browser, tmp_path, "picture")


def test_the_parent_page_shows_the_comparison(browser, site, runs, tmp_path):
    run = runs["parent"]
    show_artifact(browser, site, run, "children.json")
    for text in ("halekas", "lillis", "chi2/median"):
        find(browser, f"//*[normalize-space()='{text}']")
    keep(browser, tmp_path, "children")
    show_artifact(browser, site, run, "comparison/all/comparison.png")
    assert image_width(browser) > 500
    keep(browser, tmp_path, "comparison")


def find(browser, xpath):
    """Wait for an element that can be seen."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = [element for element in browser.find_elements("xpath", xpath) if element.is_displayed()]
        if found:
            return found[0]
        time.sleep(0.2)
    pytest.fail(f"{xpath} does not appear: {browser.find_element('tag name', 'body').text[:2000]}")


def cell(browser, run, column):
    """Return the text of a run's cell."""
    return find(browser, f"//*[@row-id='{run.info.run_id}']//*[@role='gridcell'][contains(@col-id, '{column}')]").text


def show_artifact(browser, site, run, path):
    browser.get("about:blank")
    browser.get(f"{site.uri}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts/{path}")
    find(browser, f"//*[normalize-space()='{path}']")


def image_width(browser):
    """Return the width in pixels of the picture on the page, as the browser decoded it."""
    find(browser, "//img[contains(@src, 'artifact') or starts-with(@src, 'blob:')]")
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        width = browser.execute_script(
            "return Math.max(0, ...[...document.images]"
            ".filter(i => /artifact|^blob:/.test(i.src)).map(i => i.naturalWidth))"
        )
        if width:
            return width
        time.sleep(0.2)
    pytest.fail("the picture is empty")


def keep(browser, folder, name):
    browser.save_screenshot(str(folder / f"{name}.png"))
