"""Teams, by the webhook of a flow of Power Automate ("When a Teams webhook request is received").

The flow is given an Adaptive Card and posts it later. That it does is never told to whoever asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from posture.domain.delivery import Allowance, Letter, Refused, Sent, Tried, TryLater
from posture.domain.judgement import Value
from posture.notify.answers import Answered, Lost, in_turn, judged
from posture.notify.masking import Mask
from posture.notify.posting import PATIENCE, Limits, Poster, Reach
from posture.notify.wording import Wording, WordingBroken

LONGEST_MESSAGE: Final = 20_000
"""Bytes of a whole message. Teams takes about 28 KB and counts what it adds.

Source: https://learn.microsoft.com/connectors/teams (known issues: message size limit)
"""

PACE: Final = Allowance(messages=25, within=timedelta(seconds=300))
"""What a flow may post as the Flow bot. Source: https://learn.microsoft.com/connectors/teams (limits)."""

QUEUED: Final = "Teams queued it: whether the flow posts it is not told."

_CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"
_RETIRED = (
    "This is the URL of an Office 365 connector, which Microsoft has retired. Make a flow with the template "
    '"Post to a channel when a webhook request is received" and set its URL.'
)
# With these words connectors said with 200 that they had failed.
_FAILED = "webhook message delivery failed"
# What Power Automate says, and what it means for whoever has to mend it. None of these passes by itself.
_EXPLAINED: Mapping[str, str] = {
    "WorkflowTriggerIsNotEnabled": "The flow is switched off. Turn it on in Power Automate.",
    "DirectApiAuthorizationRequired": (
        "The URL is not whole, or the flow takes requests of the tenant's users only. Copy the URL from the flow "
        'again, with "&" and not "&amp;" between its parts, and let anyone trigger the flow.'
    ),
    "TriggerInputSchemaMismatch": (
        "The flow expects another message. Make it with the template of Teams, or set bare_card if it takes the card "
        "alone."
    ),
}
_NOT_ALLOWED = (
    "The signature in the URL is wrong, or the flow takes requests of the tenant's users only. Copy the URL from the "
    "flow again and let anyone trigger the flow."
)
_GONE = "The flow was deleted or has a new URL. Copy the URL from the flow again."
_CLOSING: Mapping[int, str] = {401: _NOT_ALLOWED, 403: _NOT_ALLOWED, 404: _GONE, 410: _GONE}


@dataclass(frozen=True, kw_only=True)
class TeamsChannel:
    """One flow. ``bare_card``: it expects the card alone, not a message with the card attached.

    ``settings`` is the digest of how the channel is set up.
    """

    name: str
    settings: str
    url: str = field(repr=False)
    bare_card: bool
    wording: Wording
    reach: Reach
    now: Callable[[], datetime]
    limits: Limits = PATIENCE

    @property
    def allowance(self) -> Allowance:
        return PACE

    def message(self, letter: Letter) -> bytes:
        """Return what is posted, JSON.

        Raises:
            WordingBroken: a template is wrong, or the least that it makes is too long.
        """
        return message_of(letter, self.wording, bare_card=self.bare_card)

    def deliver(self, letters: Sequence[Letter]) -> Iterator[Tried]:
        """Post letters in their order and yield how each went."""
        with Poster(self.url, mask=Mask(self.url), reach=self.reach, now=self.now, limits=self.limits) as poster:
            yield from in_turn(letters, lambda letter: self._post(letter, poster))

    def _post(self, letter: Letter, poster: Poster) -> Tried:
        try:
            body = self.message(letter)
        except WordingBroken as broken:
            return TryLater(because=str(broken), after=None, spares_channel=True)
        return tried_of(poster.post(body, {}))


def message_of(letter: Letter, wording: Wording, *, bare_card: bool) -> bytes:
    """Return what a flow is posted, JSON; see ``TeamsChannel``.

    Raises:
        WordingBroken: a template is wrong, or the least that it makes is too long.
    """
    around = 0 if bare_card else len(_encoded(_attached({})))
    card = wording.card(letter, longest=LONGEST_MESSAGE - around)
    return _encoded(card if bare_card else _attached(card))


def _attached(card: Mapping[str, Value]) -> Mapping[str, Value]:
    attachment: dict[str, Value] = {"contentType": _CONTENT_TYPE, "contentUrl": None, "content": dict(card)}
    return {"type": "message", "attachments": [attachment]}


def tried_of(answer: Answered | Lost) -> Tried:
    """Return what an answer of Power Automate, or of a connector of old, means."""
    answered = judged(answer)
    if not isinstance(answered, Answered):
        return answered
    if answered.status < 300:
        return _tried_of_success(answered)
    explained = (words for code, words in _EXPLAINED.items() if code in answered.text)
    meaning = next(explained, _CLOSING.get(answered.status))
    if meaning is None:
        return Refused(because=f"{answered}.", closes_channel=False)
    return Refused(because=f"{answered}. {meaning}", closes_channel=True)


def _tried_of_success(answered: Answered) -> Tried:
    if answered.status == 202:
        return Sent(note=QUEUED)
    if _FAILED in answered.text.lower():
        return Refused(because=f"{answered}. {_RETIRED}", closes_channel=True)
    # A flow may answer for itself; "1" is what connectors said.
    return Sent(note=None if answered.text in ("", "1") else f"{answered}.")


def _encoded(message: Mapping[str, Value]) -> bytes:
    # A user's template can make half a surrogate pair, which no encoding takes: it becomes a question mark.
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
