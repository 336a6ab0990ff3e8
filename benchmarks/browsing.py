"""People at browsers: each looks at a page, thinks, and goes on from what it shows.

    python benchmarks/browsing.py < plan.json

The plan is a mapping: ``url`` of the page, ``tokens`` of operators (one person each), ``seconds`` to browse,
``warm_up`` seconds before that do not count, ``think``: the least and the most seconds between two pages, and
``seed``. Printed is a mapping: ``pages``, kind of page → seconds until the whole page was there, one for each;
``errors``, one sentence each; ``seconds`` that were counted, from ``begins_at``. What browsers keep (styles, scripts,
pictures) is not asked for.
"""

from __future__ import annotations

import asyncio
import html
import json
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

import aiohttp

_ONE_FINDING: Final = re.compile(r'href="/findings/([0-9a-f]{16,})"')
_NEXT: Final = re.compile(r'id="page-next"[^>]* href="([^"]+)"')
_ONE_CHECK: Final = re.compile(r'href="/checks/([a-z0-9-]+)"')
_ONE_RUN: Final = re.compile(r'href="/runs/([0-9a-f]{8,})"')
_ONE_PLAN: Final = re.compile(r'href="/plans/([0-9a-f]{8,})"')
_OPTION: Final = re.compile(r'type="checkbox" name="(check|tag|framework)" value="([^"]+)"')
_TIMEOUT: Final = aiohttp.ClientTimeout(total=60)


@dataclass
class Person:
    """Somebody, and what the last pages offered to go on with."""

    http: aiohttp.ClientSession
    chance: random.Random
    findings: list[str] = field(default_factory=list)
    next_page: str | None = None
    options: list[tuple[str, str]] = field(default_factory=list)
    seen: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def learn(self, path: str, body: str) -> None:
        if path.partition("?")[0] == "/findings":
            self.findings = _ONE_FINDING.findall(body) or self.findings
            following = _NEXT.search(body)
            self.next_page = html.unescape(following[1]) if following else None
            self.options = [(name, html.unescape(value)) for name, value in _OPTION.findall(body)] or self.options
        for kind, pattern in (("checks", _ONE_CHECK), ("runs", _ONE_RUN), ("plans", _ONE_PLAN)):
            if path == f"/{kind}":
                self.seen[kind] = pattern.findall(body) or self.seen[kind]

    def one_of(self, kind: str) -> str:
        return f"/{kind}/{self.chance.choice(self.seen[kind])}" if self.seen[kind] else f"/{kind}"


def _list(_: Person) -> str:
    return "/findings"


def _filtered(person: Person) -> str:
    name, value = person.chance.choice([("severity", "high"), ("standing", "any"), *person.options])
    return f"/findings?{urlencode({name: value})}"


def _sorted(person: Person) -> str:
    sort = person.chance.choice(["first_failed", "last_failed", "resource", "check", "severity"])
    return f"/findings?{urlencode({'sort': sort, 'order': person.chance.choice(['asc', 'desc'])})}"


def _searched(person: Person) -> str:
    words = person.chance.choice(["anna", "svc", "@", "signed in", "nobody is called so", "guest", "müller"])
    return f"/findings?{urlencode({'text': words})}"


def _next(person: Person) -> str:
    return person.next_page or "/findings"


def _finding(person: Person) -> str:
    return f"/findings/{quote(person.chance.choice(person.findings))}" if person.findings else "/findings"


KINDS: Final[Mapping[str, tuple[int, Callable[[Person], str]]]] = {
    "findings, all that are open": (14, _list),
    "findings, filtered": (16, _filtered),
    "findings, in another order": (6, _sorted),
    "findings, searched for words": (5, _searched),
    "findings, the next page": (15, _next),
    "a finding": (18, _finding),
    "overview": (7, lambda _: "/"),
    "checks": (4, lambda _: "/checks"),
    "a check": (3, lambda person: person.one_of("checks")),
    "plans": (3, lambda _: "/plans"),
    "a plan": (3, lambda person: person.one_of("plans")),
    "runs": (2, lambda _: "/runs"),
    "a run": (2, lambda person: person.one_of("runs")),
    "exemptions": (1, lambda _: "/exemptions"),
    "frameworks": (1, lambda _: "/frameworks"),
}
"""Kind of page → how often of a hundred it is looked at, and the address that somebody goes to."""


@dataclass
class Tally:
    begins: float
    ends: float
    pages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)


async def browse(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Let everybody browse, and return what they met."""
    now, begins_at = time.perf_counter(), time.time() + plan["warm_up"]
    tally = Tally(begins=now + plan["warm_up"], ends=now + plan["warm_up"] + plan["seconds"])
    seeds = random.Random(plan["seed"])  # noqa: S311 - made up
    people = (_person(plan, token, random.Random(seeds.random()), tally) for token in plan["tokens"])  # noqa: S311
    await asyncio.gather(*people)
    return {"pages": tally.pages, "errors": tally.errors, "begins_at": begins_at, "seconds": plan["seconds"]}


async def _person(plan: Mapping[str, Any], token: str, chance: random.Random, tally: Tally) -> None:
    least, most = plan["think"]
    # Cookies of an address and not of a name are taken only if one says so.
    jar = aiohttp.CookieJar(unsafe=True)
    # Less than the server leaves an idle connection open: browsers take a new one, too.
    connector = aiohttp.TCPConnector(keepalive_timeout=4.5)
    async with aiohttp.ClientSession(plan["url"], cookie_jar=jar, connector=connector, timeout=_TIMEOUT) as http:
        await asyncio.sleep(chance.uniform(0, most))
        signed_in = await http.post("/sign-in", data={"token": token}, headers={"origin": plan["url"]})
        if not signed_in.ok:
            tally.errors.append(f"sign-in: {signed_in.status}")
            return
        person = Person(http=http, chance=chance)
        kinds, weights = list(KINDS), [weight for weight, _ in KINDS.values()]
        while time.perf_counter() < tally.ends:
            kind = chance.choices(kinds, weights)[0]
            await _look(person, kind, KINDS[kind][1](person), tally)
            await asyncio.sleep(chance.uniform(least, most))


async def _look(person: Person, kind: str, path: str, tally: Tally) -> None:
    begun = time.perf_counter()
    try:
        async with person.http.get(path, allow_redirects=False) as answer:
            body = await answer.text()
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        tally.errors.append(f"{path}: {type(error).__name__} {error}")
        return
    took = time.perf_counter() - begun
    if status != 200:
        tally.errors.append(f"{path}: {status}")
        return
    person.learn(path, body)
    if tally.begins <= begun < tally.ends:
        tally.pages[_what(kind, path)].append(took)


def _what(kind: str, path: str) -> str:
    """Return the kind of page that it came to be: who has nothing to go on with looks at the list."""
    return "findings, all that are open" if path == "/findings" else kind


if __name__ == "__main__":
    print(json.dumps(asyncio.run(browse(json.load(sys.stdin)))))
