"""A real browser for pages that we write: Chromium without a window, by Selenium, off the network.

Needs `chromium` (or Google Chrome) and `chromedriver` on the path: on Debian `apt install chromium-driver`.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

_CHROMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests may run as root; the pages are ours
    "--disable-gpu",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no page of ours needs more than this machine
    "--window-size=1200,900",
)


class Browser:
    """One page at a time, and what it asked for and complained of.

    Attributes:
        driver: Selenium's own interface, for whatever is not here.
    """

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, page: Path | str, *, ready: str = "true", timeout: float = 60) -> None:
        """Open a file or an address of this machine, and wait until an expression of JavaScript is true."""
        self.driver.get("about:blank")
        for log in ("browser", "performance"):
            self.driver.get_log(log)  # what is there is of the page before
        self.driver.get(page if isinstance(page, str) else page.absolute().as_uri())
        WebDriverWait(self.driver, timeout).until(lambda driver: driver.execute_script(f"return Boolean({ready})"))

    def run(self, script: str, *arguments: object) -> object:
        """Run JavaScript, with `arguments`; return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def text(self, selector: str) -> str:
        """Return the text that a reader sees of the first element that a CSS selector finds."""
        return str(self.run("return document.querySelector(arguments[0]).innerText", selector))

    def wait(self, expression: str, timeout: float = 20) -> None:
        """Wait until an expression of JavaScript is true."""
        WebDriverWait(self.driver, timeout).until(lambda driver: driver.execute_script(f"return Boolean({expression})"))

    def move(self, x: float, y: float, *, click: bool = False) -> None:
        """Move the pointer to a place of the window, and click."""
        actions = ActionBuilder(self.driver, duration=50)
        actions.pointer_action.move_to_location(int(x) + 2, int(y) + 2)
        actions.pointer_action.move_to_location(round(x), round(y))
        if click:
            actions.pointer_action.click()
        actions.perform()

    def press(self, *keys: str) -> None:
        """Press keys, one after the other; "Shift+P" holds Shift."""
        for key in keys:
            actions = ActionChains(self.driver)
            *held, last = key.split("+") if len(key) > 1 else [key]
            for one in held:
                actions.key_down(getattr(Keys, one.upper()))
            actions.send_keys(getattr(Keys, last.upper()) if len(last) > 1 else last)
            for one in held:
                actions.key_up(getattr(Keys, one.upper()))
            actions.perform()

    def window(self, width: int, height: int, *, scheme: str = "light") -> None:
        """Show pages as in a window of this size, with light or dark colours."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        wish = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", wish)

    def complaints(self) -> list[str]:
        """Return the errors of the page since it was opened: exceptions, refused scripts and requests."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def requests(self) -> list[str]:
        """Return the URLs that were asked for since the page was opened, but for what stands in the page itself."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        # chrome:// is the browser's own first page.
        return [url for url in urls if not url.startswith(("data:", "blob:", "chrome:", "about:"))]


def start(profile: Path) -> Browser | None:
    """Start a browser; None where there is none."""
    chrome = next(filter(None, map(shutil.which, _CHROMES)), None)
    chromedriver = shutil.which("chromedriver")
    if chrome is None or chromedriver is None:
        return None
    options = webdriver.ChromeOptions()
    options.binary_location = chrome
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # Given its path, Selenium looks for no driver in the network.
    driver = webdriver.Chrome(options=options, service=Service(chromedriver))
    driver.set_page_load_timeout(120)
    driver.set_script_timeout(60)
    return Browser(driver)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Offer a browser; tests that need one are skipped where there is none."""
    started = start(tmp_path_factory.mktemp("chromium"))
    if started is None:
        pytest.skip("no Chromium: install chromium and chromedriver (Debian: apt install chromium-driver)")
    yield started
    started.driver.quit()
