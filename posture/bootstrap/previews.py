"""What a channel would be sent, written out and not sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from posture.config import ChannelSettings, TeamsSettings, WebhookSettings
from posture.domain.check import Check, CheckId
from posture.domain.delivery import Letter
from posture.domain.judgement import Value
from posture.domain.notice import Event, Notice, digest_of
from posture.errors import UsageError
from posture.notify.links import Links
from posture.notify.notice_json import parts_of
from posture.notify.teams import message_of
from posture.notify.wording import Wording, WordingBroken
from posture.store.telling_reader import TellingReader
from posture.usecases.write_letters import TREND_POINTS, letter_about

_IN_A_DIGEST: Final = 50


@dataclass(frozen=True, kw_only=True)
class PreviewFile:
    """``suffix`` is how the name of the file ends, with its dot; a page is for a browser."""

    suffix: str
    text: str

    @property
    def is_page(self) -> bool:
        return self.suffix == ".html"


def letter_of_latest(
    telling: TellingReader, event: Event | None, *, checks: Mapping[CheckId, Check], now: datetime
) -> Letter | None:
    """Return a letter about what happened last, of one event or, with None, of all; None if nothing did."""
    notices = telling.latest_notices(event, limit=1) if event is not None else _latest_of_all(telling)
    if not notices:
        return None
    tenant_ids = {notice.tenant_id for notice in notices if notice.tenant_id is not None}
    return letter_about(
        notices,
        id=digest_of("preview", *(notice.id for notice in notices)),
        is_digest=event is None,
        checks=checks,
        trends={id: telling.trend(id, points=TREND_POINTS) for id in tenant_ids},
        now=now,
    )


def _latest_of_all(telling: TellingReader) -> Sequence[Notice]:
    newest = [notice for event in Event for notice in telling.latest_notices(event, limit=_IN_A_DIGEST)]
    return sorted(newest, key=lambda notice: notice.at, reverse=True)[:_IN_A_DIGEST]


def preview_files(
    letter: Letter, channel: ChannelSettings, *, wording: Wording, links: Links
) -> Iterator[PreviewFile]:
    """Yield what the channel would be sent: a mail's text and page, a card, or the JSON of a webhook.

    No secret is looked up.

    Raises:
        UsageError: a template is wrong; with its file and line.
    """
    try:
        match channel.how:
            case TeamsSettings(bare_card=bare_card):
                message = json.loads(message_of(letter, wording, bare_card=bare_card))
                card = message if bare_card else message["attachments"][0]["content"]
                # The card alone, as tools that show cards take it.
                yield PreviewFile(suffix=".card.json", text=_json(card))
            case WebhookSettings():
                parts = parts_of(letter, links)
                for number, part in enumerate(parts, start=1):
                    suffix = ".json" if len(parts) == 1 else f".{number}.json"
                    yield PreviewFile(suffix=suffix, text=_json(json.loads(part.body)))
            case _:
                mail = wording.mail(letter)
                yield PreviewFile(suffix=".txt", text=f"Subject: {mail.subject}\n\n{mail.text}")
                yield PreviewFile(suffix=".html", text=mail.html)
    except WordingBroken as broken:
        raise UsageError(str(broken)) from broken


def _json(document: Mapping[str, Value]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
