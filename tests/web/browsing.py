"""A real browser on the page, and what it thinks of what it sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page

from tests.notify.browser import Scheme, keep_screenshot
from tests.web.node_packages import node_modules
from tests.web.office import COOKIE, Client

RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
WIDE: Final = 1440
COLOURS: Final = ("color-contrast",)
"""What can be wrong in other colours that was right before."""
# What stands out of the window to the right, and is not cut off by something around it.
_TOO_WIDE: Final = """
() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  const isCut = (each) => {
    for (let around = each.parentElement; around && around !== document.body; around = around.parentElement) {
      if (getComputedStyle(around).overflowX !== "visible") return true;
    }
    return false;
  };
  return [...document.querySelectorAll("body *")]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > wide + 1 && !isCut(each))
    .map((each) => each.outerHTML.slice(0, 120));
}
"""
# Most of what axe tells of a page of many rows is about what is right, and takes longer to hand over than to find.
_VIOLATIONS: Final = """
async (rules) => {
  const options = {runOnly: rules, resultTypes: ["violations"], selectors: false};
  const found = await axe.run(document, options);
  return found.violations.flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html.slice(0, 160)}`));
}
"""


@dataclass
class Tab:
    """An open page. ``complaints`` are what the browser wrote to its console; ``elsewhere`` the addresses of other
    hosts that it wanted."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to an address of the page and wait until its scripts have run."""
        self.page.goto(self.url + path, wait_until="load")
        return self.page

    def afresh(self) -> Tab:
        """Forget what was, for the next one who uses it."""
        self.complaints.clear()
        self.elsewhere.clear()
        self.look("light", WIDE)
        return self

    def look(self, scheme: Scheme, width: int) -> None:
        """Look at the open page in another way."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size({"width": width, "height": 900})

    def too_wide(self) -> Sequence[str]:
        """Return what does not fit the window."""
        found: Sequence[str] = self.page.evaluate(_TOO_WIDE)
        return found

    def violations(self, rules: Sequence[str] = RULES) -> Sequence[str]:
        """Return what axe finds wrong by these rules or kinds of rules, each with the place."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(axe())
        found: Sequence[str] = self.page.evaluate(_VIOLATIONS, list(rules))
        return found

    def keep(self, name: str) -> None:
        """Keep a picture for whoever looks; git ignores it."""
        keep_screenshot(self.page, f"page-{name}")


@cache
def axe() -> str:
    """Return the script of axe-core."""
    modules = node_modules(Path(__file__).parent / "axe")
    return (modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@contextmanager
def a_tab(
    browser: Browser,
    url: str,
    client: Client,
    *,
    scheme: Scheme = "light",
    width: int = WIDE,
    has_scripts: bool = True,
) -> Iterator[Tab]:
    """Open a browser of its own, in which somebody is signed in."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        java_script_enabled=has_scripts,
        timezone_id="America/New_York",
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": COOKIE, "value": client.cookies[COOKIE], "url": url}])
    tab = Tab(page=context.new_page(), url=url)
    own = urlsplit(url).netloc
    tab.page.on("console", lambda message: tab.complaints.append(message.text))
    tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.page.on("dialog", lambda dialog: (tab.complaints.append(dialog.message), dialog.dismiss()))
    tab.page.on(
        "request",
        lambda asked: tab.elsewhere.append(asked.url) if urlsplit(asked.url).netloc not in (own, "") else None,
    )
    yield tab
    context.close()
