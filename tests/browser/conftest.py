"""Chromium and one JupyterLab for all tests of this folder, with the network cut off."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from lab_page import Lab
from lab_server import LabServer
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

SIZE = {"width": 1280, "height": 900}
#: Milliseconds that what is expected may take to come: the machine may have other work.
PATIENCE = 30_000

# Chromium as root in a container; and the talk with its maker's hosts that it starts by itself.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@pytest.fixture(scope="session")
def lab_server(
    tmp_path_factory: pytest.TempPathFactory, outer_environment: Mapping[str, str]
) -> Iterator[LabServer]:
    """Start JupyterLab once; what it wrote to its log is shown when it does not start."""
    server = LabServer(tmp_path_factory.mktemp("jupyterlab"), outer_environment)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium once."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "there is no chromium: `make test` installs it, or apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        expect.set_options(timeout=PATIENCE)
        yield browser
        browser.close()


def fresh_profile(browser: Browser) -> BrowserContext:
    """Make a profile without cookies, cache or settings."""
    return browser.new_context(viewport=SIZE, device_scale_factor=1)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Give a fresh profile."""
    context = fresh_profile(browser)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Give an empty page, for what needs no JupyterLab."""
    return context.new_page()


@pytest.fixture(scope="session")
def loaded_lab(lab_server: LabServer, browser: Browser) -> Iterator[Lab]:
    """Load JupyterLab once: that takes longer than most of what is tried in it."""
    context = fresh_profile(browser)
    lab = Lab(lab_server, context, lab_server.root)
    lab.load()
    yield lab
    context.close()


@pytest.fixture
def lab(loaded_lab: Lab, tmp_path: Path) -> Iterator[Lab]:
    """Give JupyterLab with nothing open, and a folder of its own for notebooks and store.

    At its end the test fails when the page asked for anything outside this machine, or
    wrote an error to its console.
    """
    folder = loaded_lab.server.root / tmp_path.name
    folder.mkdir()
    loaded_lab.enter(folder)
    yield loaded_lab
    loaded_lab.assert_quiet()
