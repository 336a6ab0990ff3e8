"""What an adaptive card of ours may hold. A template makes JSON; this says whether it is a card that we would send.

Source: https://adaptivecards.io/explorer/ (version 1.4), and Teams' limits for cards that a webhook posts:
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from posture.domain.judgement import Value
from posture.notify.broken import WordingBroken
from posture.notify.links import Links
from posture.notify.neutral import inert_in_cards, without_markdown

VERSION: Final = "1.4"

_BLOCK: Final = frozenset({"id", "isVisible", "spacing", "separator"})
_BOX: Final = _BLOCK | {"style", "bleed", "minHeight", "verticalContentAlignment", "items"}
_LETTERS: Final = frozenset({"text", "color", "isSubtle", "size", "weight", "fontType"})
_ACTION: Final = frozenset({"title", "id"})

_KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "AdaptiveCard": frozenset({"$schema", "version", "lang", "fallbackText", "speak", "body", "actions"}),
    "Container": _BOX,
    "ColumnSet": _BLOCK | {"columns", "style", "bleed"},
    "Column": _BOX | {"width"},
    "RichTextBlock": _BLOCK | {"inlines", "horizontalAlignment"},
    "TextRun": _LETTERS | {"highlight", "italic", "strikethrough", "underline"},
    "TextBlock": _BLOCK | _LETTERS | {"wrap", "maxLines", "horizontalAlignment"},
    "FactSet": _BLOCK | {"facts"},
    "ActionSet": _BLOCK | {"actions"},
    "Action.OpenUrl": _ACTION | {"url"},
    "Action.ToggleVisibility": _ACTION | {"targetElements"},
}
_CHILDREN: Final[Mapping[str, frozenset[str]]] = {
    "body": frozenset({"Container", "ColumnSet", "RichTextBlock", "TextBlock", "FactSet", "ActionSet"}),
    "items": frozenset({"Container", "ColumnSet", "RichTextBlock", "TextBlock", "FactSet", "ActionSet"}),
    "columns": frozenset({"Column"}),
    "inlines": frozenset({"TextRun"}),
    "actions": frozenset({"Action.OpenUrl", "Action.ToggleVisibility"}),
}
_MARKDOWN_IS_READ: Final = frozenset({"TextBlock", "FactSet"})
_LONGEST_TEXT: Final = 2_000


def checked_card(text: str, links: Links, *, name: str) -> dict[str, Value]:
    """Return the card that a template made, every text in it inert.

    Raises:
        WordingBroken: it is no JSON, no card of version 1.4, has elements that we do not send, or leads elsewhere.
            ``name`` is the template.
    """
    try:
        card = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as problem:
        near = text[max(problem.pos - 30, 0) : problem.pos + 30].replace("\n", " ")
        raise WordingBroken(f"{name} makes no JSON: {problem.msg}, near {near!r}") from problem
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard" or card.get("version") != VERSION:
        raise WordingBroken(f'{name} makes no card: it begins with {{"type": "AdaptiveCard", "version": "{VERSION}"')
    return _Checker(links, name).element(card)


def _no_number(found: str) -> None:
    raise json.JSONDecodeError(f"{found} is no number", found, 0)


class _Checker:
    def __init__(self, links: Links, name: str) -> None:
        self._links = links
        self._name = name

    def element(self, element: Mapping[str, Any]) -> dict[str, Value]:
        """Return an element of a type that is sent, after a look at all that is in it."""
        kind = str(element["type"])
        done: dict[str, Value] = {}
        for key, value in element.items():
            if key != "type" and key not in _KNOWN[kind]:
                raise self._broken(f"{kind} with {key!r}, which is not sent")
            done[key] = self._property(kind, key, value)
        return done

    def _property(self, kind: str, key: str, value: Any) -> Value:
        if key in _CHILDREN:
            return [self._child(kind, key, child) for child in self._list(kind, key, value)]
        if key == "facts":
            return [self._fact(fact) for fact in self._list(kind, key, value)]
        if key == "targetElements":
            return [self._plain(kind, key, target) for target in self._list(kind, key, value)]
        if key == "url":
            return self._url(value)
        if key in ("type", "$schema", "version"):
            return self._plain(kind, key, value)
        return self._text(kind, value) if isinstance(value, str) else self._plain(kind, key, value)

    def _child(self, kind: str, key: str, child: Any) -> Value:
        found = child.get("type") if isinstance(child, dict) else type(child).__name__
        if not isinstance(child, dict) or not isinstance(found, str) or found not in _CHILDREN[key]:
            raise self._broken(f"{kind} with {found!r} in {key!r}, where it is not sent")
        return self.element(child)

    def _fact(self, fact: Any) -> Value:
        if not isinstance(fact, dict) or set(fact) != {"title", "value"}:
            raise self._broken("a fact that is not made of a title and a value")
        return {key: self._text("FactSet", str(value)) for key, value in fact.items()}

    def _url(self, url: Any) -> Value:
        if not isinstance(url, str) or not self._links.allows(url):
            raise self._broken("a link that leads neither to our own page nor to a host in reference_hosts")
        return url

    def _list(self, kind: str, key: str, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self._broken(f"{kind} whose {key!r} is no list")
        # Templates end a list with null, so that every element before it can end with a comma.
        return [item for item in value if item is not None]

    def _plain(self, kind: str, key: str, value: Any) -> Value:
        if isinstance(value, dict | list):
            raise self._broken(f"{kind} whose {key!r} is no simple value")
        return value  # type: ignore[no-any-return]

    def _text(self, kind: str, text: str) -> str:
        cut = text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
        return inert_in_cards(without_markdown(cut) if kind in _MARKDOWN_IS_READ else cut)

    def _broken(self, what: str) -> WordingBroken:
        return WordingBroken(f"{self._name} makes {what}")
