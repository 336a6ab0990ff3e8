"""A real browser for messages, and Microsoft's own renderer of cards in it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser

from tests.notify.browser import a_browser, missing

_CARDS = Path(__file__).parent / "adaptivecards"


# No longer than a module: as long as it is there, its event loop runs in this thread and leaves no room for another.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def card_scripts() -> list[Path]:
    """Return the scripts that render cards, installed once for each lock file and kept for the next run."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        missing("Node.js and npm are not installed: apt-get install nodejs npm")
    lock = (_CARDS / "package-lock.json").read_bytes()
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "posture-tests"
    place = caches / hashlib.sha256(lock).hexdigest()[:16]
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place / ".lock"):
        if not (place / ".ready").exists():
            _install(npm, place)
    modules = place / "node_modules"
    return [modules / "markdown-it/dist/markdown-it.min.js", modules / "adaptivecards/dist/adaptivecards.js"]


def _install(npm: str, place: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_CARDS / name, place / name)
    command = [npm, "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode:
        missing(f"npm could not install the renderer of cards, for which it needs its registry: {done.stderr[-500:]}")
    (place / ".ready").touch()
