"""Notices as JSON, for machines that are told. The schema is docs/reference/notice.schema.json."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from posture.domain.delivery import Letter
from posture.domain.judgement import Value
from posture.domain.notice import Notice, digest_of, iso
from posture.notify.letter_view import is_sample
from posture.notify.links import Links

SCHEMA: Final = "posture.notices/1"

LONGEST_PART: Final = 1_000_000
"""Bytes of one request."""

_AROUND = 500
_LONGEST_NOTICE = 100_000
_LONGEST_TEXT = 1_000


@dataclass(frozen=True, kw_only=True)
class Part:
    """One request of those that a letter takes. The same notices in the same letter make the same id."""

    id: str
    body: bytes


def parts_of(letter: Letter, links: Links) -> Sequence[Part]:
    """Return the requests that a letter takes, none longer than the longest part."""
    groups = list(_groups(letter, links))
    return [
        Part(id=_id(letter, group, is_one_of_many=len(groups) > 1), body=_body(letter, group, number, len(groups)))
        for number, group in enumerate(groups, start=1)
    ]


def _groups(letter: Letter, links: Links) -> Iterator[Sequence[Mapping[str, Value]]]:
    group: list[Mapping[str, Value]] = []
    length = _AROUND
    for notice in letter.notices:
        document, longer = _fitting(_document(notice, letter, links))
        if group and length + longer > LONGEST_PART:
            yield group
            group, length = [], _AROUND
        group.append(document)
        length += longer
    yield group


def _fitting(document: dict[str, Value]) -> tuple[Mapping[str, Value], int]:
    """Return a notice that is not too long, and its length in bytes with a comma."""
    length = len(_encoded(document)) + 1
    if length <= _LONGEST_NOTICE:
        return document, length
    facts = document["facts"]
    kept = _shortened(facts) if isinstance(facts, dict) else {}
    shortened = {**document, "facts": kept, "facts_shortened": True}
    return shortened, len(_encoded(shortened)) + 1


def _shortened(facts: Mapping[str, Value]) -> dict[str, Value]:
    """Return facts without lists and objects, long texts cut."""
    return {name: _cut(value) for name, value in facts.items() if not isinstance(value, list | dict)}


def _cut(value: Value) -> Value:
    is_long = isinstance(value, str) and len(value) > _LONGEST_TEXT
    return value[: _LONGEST_TEXT - 1] + "…" if is_long and isinstance(value, str) else value


def _id(letter: Letter, group: Sequence[Mapping[str, Value]], *, is_one_of_many: bool) -> str:
    if not is_one_of_many:
        return letter.id
    return f"{letter.id}-{digest_of(*(document['id'] for document in group))}"


def _body(letter: Letter, group: Sequence[Mapping[str, Value]], part: int, parts: int) -> bytes:
    return _encoded(
        {
            "schema": SCHEMA,
            "id": letter.id,
            "part": part,
            "parts": parts,
            "written_at": iso(letter.written_at),
            "is_digest": letter.is_digest,
            "is_sample": is_sample(letter),
            "notices": [dict(document) for document in group],
        }
    )


def _document(notice: Notice, letter: Letter, links: Links) -> dict[str, Value]:
    return {
        "id": notice.id,
        "event": notice.event.value,
        "at": iso(notice.at),
        "tenant_id": notice.tenant_id,
        "tenant_name": notice.tenant_name,
        "severity": notice.severity.value,
        "check": notice.check,
        "title": _title(notice, letter),
        "resource_type": notice.resource_type,
        "about": notice.about,
        "thread": notice.thread,
        "facts": dict(notice.facts),
        "facts_shortened": False,
        "link": _link(notice, links),
    }


def _title(notice: Notice, letter: Letter) -> str | None:
    """Return the title of the check as it was when it happened, else as it is now."""
    title = notice.facts.get("title")
    if isinstance(title, str):
        return title
    check = letter.checks.get(notice.check) if notice.check is not None else None
    return check.title if check else None


def _link(notice: Notice, links: Links) -> str | None:
    match notice.event.family:
        case "finding":
            return links.finding(notice.about)
        case "plan":
            return links.plan(notice.about)
    return links.tenant(notice.tenant_name) if notice.tenant_name is not None else links.front()


def _encoded(document: Mapping[str, Value]) -> bytes:
    # What no encoding takes, half a surrogate pair, becomes a question mark: one name must not stop all others.
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
