"""Messages looked at in a browser that reaches nobody."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
QUIET: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
]
SCREENSHOTS: Final = Path(__file__).parents[2] / "build" / "screenshots"

Scheme = Literal["light", "dark"]

# Every piece of text that can be seen, with how much it stands out from what is behind it (WCAG 2.2, 1.4.3).
_CONTRASTS = """
() => {
  const linear = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const channel = (value) => linear(value / 255);
  const parts = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parts(getComputedStyle(each).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const style = getComputedStyle(element);
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility() || parseFloat(style.fontSize) === 0) continue;
    const lights = [luminance(parts(style.color)), luminance(behind(element))].sort((a, b) => b - a);
    found.push({text, contrast: (lights[0] + 0.05) / (lights[1] + 0.05)});
  }
  return found;
}
"""

# Looks about as in Teams; the reader of markdown is the one that Microsoft's documents use.
_RENDER_CARD = """
(card) => {
  const reader = window.markdownit({html: false, linkify: true});
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
    result.outputHtml = reader.render(text);
    result.didProcess = true;
  };
  const made = new AdaptiveCards.AdaptiveCard();
  const behind = {
    default: "#ffffff", emphasis: "#f0f0f0", accent: "#e8ebfa",
    good: "#e7f2da", attention: "#fde7e9", warning: "#fbf6d9",
  };
  const styles = Object.entries(behind).map(([name, backgroundColor]) => [name, {backgroundColor}]);
  made.hostConfig = new AdaptiveCards.HostConfig({
    fontFamily: "'Segoe UI', sans-serif",
    containerStyles: Object.fromEntries(styles),
    actions: {maxActions: 6, actionAlignment: "left", buttonSpacing: 8, spacing: "medium"},
    spacing: {small: 6, default: 8, medium: 14, large: 20, extraLarge: 28, padding: 16},
  });
  const context = new AdaptiveCards.SerializationContext(AdaptiveCards.Versions.v1_4);
  made.parse(card, context);
  const events = [];
  for (let i = 0; i < context.eventCount; i++) events.push(context.getEventAt(i).message);
  const checked = made.validateProperties().validationEvents.map((event) => event.message);
  const style = document.createElement("style");
  style.textContent = `
    body { margin: 20px; background: #f5f5f5; }
    .ac-adaptiveCard { border: 1px solid #d1d1d1; border-radius: 6px; max-width: 520px; overflow: hidden; }
    .ac-actionSet { flex-wrap: wrap; row-gap: 8px; }
    .ac-pushButton { padding: 6px 14px; border: 1px solid #d1d1d1; border-radius: 4px; background: #ffffff;
      font: 600 14px 'Segoe UI', sans-serif; }`;
  document.head.append(style);
  document.body.replaceChildren(made.render());
  return {events: [...events, ...checked], version: made.version.toString(), written: made.toJSON()};
}
"""


def missing(what: str) -> NoReturn:
    """Skip a test that needs a program; fail it where every program has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Give a Chromium. As long as it is there, its event loop runs in this thread and leaves no room for another."""
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        missing("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield chromium
        chromium.close()


@contextmanager
def a_page(browser: Browser, *, scheme: Scheme = "light", width: int = 720) -> Iterator[tuple[Page, list[str]]]:
    """Open an empty page; whatever it asks the network for is refused and put on the list."""
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.route("**/*", refuse)
    yield page, asked
    page.close()


def look_at(page: Page, *, scheme: Scheme, width: int) -> None:
    """Look at an open page in another way."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})


def contrasts(page: Page) -> Sequence[Mapping[str, Any]]:
    """Return each visible ``text`` with its ``contrast``."""
    found: Sequence[Mapping[str, Any]] = page.evaluate(_CONTRASTS)
    return found


def is_too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def render_card(page: Page, card: Mapping[str, Any], scripts: Sequence[Path]) -> Mapping[str, Any]:
    """Show a card alone on a page; return the ``events`` of parsing it, its ``version``, and how it was ``written``
    back."""
    # A new document, since the renderer remembers the card before; a new page would be a new process each time.
    page.goto("about:blank")
    for script in scripts:
        page.add_script_tag(path=script)
    rendered: Mapping[str, Any] = page.evaluate(_RENDER_CARD, card)
    return rendered


def keep_screenshot(page: Page, name: str) -> None:
    """Keep a picture for whoever looks; git ignores it."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
