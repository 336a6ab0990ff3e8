"""Draw docs/images/mail.png and card.png from what ``posture notify preview`` writes about the demonstration.

Needs Chromium, Node.js and npm, as the tests of messages do: ``make picture``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

_HERE = Path(__file__).parent
_REPOSITORY = _HERE.parents[1]
sys.path.insert(0, str(_REPOSITORY))

from tests.notify.browser import CHROMIUM, QUIET, render_card  # noqa: E402 - found only now

_CARDS = _REPOSITORY / "tests" / "notify" / "adaptivecards"
_NOTIFY = """\
notify:
  page: https://posture.example.com
  channels:
    - {name: admins, smtp: {host: localhost, from: posture@example.com, to: [admins@example.com]}}
    - {name: soc, teams: {url: "${env:NOT_NEEDED}"}}
  default: {channels: [admins, soc]}
tenants:
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        previews = _previews(directory)
        program = next(found for name in CHROMIUM if (found := shutil.which(name)))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=QUIET)
            _draw_mail(browser, previews / "first_results-admins.html")
            _draw_card(browser, previews / "finding_opened-soc.card.json", _renderer(directory / "renderer"))
            browser.close()


def _previews(directory: Path) -> Path:
    """Scan the made-up company, and write a mail of its first results and a card."""
    _posture("demo", "--directory", "demo", cwd=directory)
    config = directory / "demo" / "posture.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.partition("notify:")[0] + _NOTIFY + text.partition("tenants:\n")[2], encoding="utf-8")
    for channel, event in (("admins", "first_results"), ("soc", "finding_opened")):
        options = ("--channel", channel, "--event", event, "--output", "previews", "--config", str(config))
        _posture("notify", "preview", *options, cwd=directory)
    return directory / "previews"


def _posture(*arguments: str, cwd: Path) -> None:
    command = [sys.executable, "-m", "posture", *arguments]
    source = {"PYTHONPATH": str(_REPOSITORY)}
    subprocess.run(command, cwd=cwd, env=os.environ | source, check=True, capture_output=True)


def _renderer(directory: Path) -> list[Path]:
    """Install Microsoft's renderer of cards and return its scripts."""
    shutil.copytree(_CARDS, directory)
    npm = shutil.which("npm") or "npm"
    command = [npm, "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    modules = directory / "node_modules"
    return [modules / "markdown-it/dist/markdown-it.min.js", modules / "adaptivecards/dist/adaptivecards.js"]


def _draw_mail(browser: Browser, html: Path) -> None:
    page = browser.new_page(viewport={"width": 660, "height": 760})
    page.set_content(html.read_text(encoding="utf-8"))
    _draw(page, "mail")


def _draw_card(browser: Browser, card: Path, scripts: list[Path]) -> None:
    page = browser.new_page(viewport={"width": 560, "height": 200})
    render_card(page, json.loads(card.read_text(encoding="utf-8")), scripts)
    _draw(page, "card")


def _draw(page: Page, name: str) -> None:
    page.screenshot(path=_HERE / f"{name}.png", full_page=True)


if __name__ == "__main__":
    main()
