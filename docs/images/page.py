"""Draw docs/images/page.png: the page over the made-up company, scanned every few days of a month.

Needs Chromium, as the tests of the page do: ``make picture``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

_HERE = Path(__file__).parent
sys.path.insert(0, str(_HERE.parents[1]))

from posture.bootstrap import load_application  # noqa: E402 - found only now
from posture.cli.demo import write_config  # noqa: E402
from posture.domain.finding import FindingState  # noqa: E402
from posture.domain.finding_view import FindingFilter  # noqa: E402
from posture.domain.operator import Role  # noqa: E402
from tests.notify.browser import CHROMIUM, QUIET  # noqa: E402

_DAYS_AGO = (28, 25, 21, 18, 14, 11, 7, 4, 2, 0)
_PORT = 8099
_DAY = timedelta(days=1)


class Ago:
    """A clock that is behind."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return datetime.now(UTC) - self._by


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        simulator = subprocess.Popen(
            # So many that the sign-ins are one page: asking for them is held to ten pages a minute.
            [sys.executable, "-m", "posture.simulator", "--users", "450", "--seed", "1", "--directory", place],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            line = simulator.stdout.readline() if simulator.stdout else ""
            config = write_config(directory, json.loads(line), page_port=_PORT)
            _draw(config, token=_lived_through(config))
        finally:
            simulator.terminate()
            simulator.wait()


def _lived_through(config: Path) -> str:
    """Scan the company as if a month had passed, propose a plan, and return the token of who may approve it."""
    for days in _DAYS_AGO:
        application = load_application(config, clock=Ago(days * _DAY))
        (tenant,) = application.settings.tenants
        deque(
            application.scan(tenant, application.selection(tenant, checks=[], tags=[]), all_verdicts=False), maxlen=0
        )
    application.examine(tenant)
    acting = application.acting
    grace, token = acting.add_operator("grace", Role.ADMIN, account=None, lasts=_DAY, by=None)
    ada, _ = acting.add_operator("ada", Role.ADMIN, account=None, lasts=_DAY, by=grace)
    query = FindingFilter(checks=(application.known_check("inactive-users"),), state=FindingState.OPEN, limit=3)
    with application.store.reading() as reader:
        wanted = list(reader.findings(query))
    acting.propose(
        ada,
        action="disable-user",
        tenant=tenant,
        findings=[one.fingerprint for one in wanted],
        check=None,
        targets=[],
        parameters={},
        reason="Asked the managers",
    )
    application.store.close()
    return token


def _draw(config: Path, *, token: str) -> None:
    server = subprocess.Popen([sys.executable, "-m", "posture", "web", "--config", str(config)])
    url = f"http://127.0.0.1:{_PORT}"
    try:
        _wait_for(url)
        program = next(found for name in CHROMIUM if (found := shutil.which(name)))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=QUIET)
            page = browser.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=1.5)
            page.goto(url)
            page.get_by_label("Token").fill(token)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{url}/")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=_HERE / "page.png")
            browser.close()
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(f"{url}/readyz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer")


if __name__ == "__main__":
    main()
