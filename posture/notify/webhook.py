"""A webhook: notices as signed JSON, for everything that is no mailbox and no chat."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from posture.domain.delivery import Allowance, Letter, Refused, Sent, Tried
from posture.notify.answers import Answered, Lost, in_turn, judged
from posture.notify.links import Links
from posture.notify.masking import Mask
from posture.notify.notice_json import Part, parts_of
from posture.notify.posting import PATIENCE, Limits, Poster, Reach

_NOT_ALLOWED = "The receiver does not accept the signature or the URL. Check that both sides have the same secret."
_GONE = "Nothing receives webhooks at this URL. Check the URL."
_CLOSING: Final[Mapping[int, str]] = {401: _NOT_ALLOWED, 403: _NOT_ALLOWED, 404: _GONE, 410: _GONE}


def signature(secret: str, *, timestamp: int, body: bytes) -> str:
    """Return what ``Posture-Signature`` holds: the version, and the HMAC-SHA256 of timestamp, full stop and body."""
    signed = b"%d.%s" % (timestamp, body)
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


@dataclass(frozen=True, kw_only=True)
class WebhookChannel:
    """One receiver. ``settings`` is the digest of how the channel is set up."""

    name: str
    settings: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    links: Links
    reach: Reach
    now: Callable[[], datetime]
    limits: Limits = PATIENCE

    @property
    def allowance(self) -> Allowance | None:
        return None

    def requests(self, letter: Letter) -> Sequence[Part]:
        """Return the JSON that is posted: one request, or several for a long digest."""
        return parts_of(letter, self.links)

    def deliver(self, letters: Sequence[Letter]) -> Iterator[Tried]:
        """Post letters in their order and yield how each went."""
        mask = Mask(self.url, self.secret)
        with Poster(self.url, mask=mask, reach=self.reach, now=self.now, limits=self.limits) as poster:
            yield from in_turn(letters, lambda letter: self._post(letter, poster))

    def _post(self, letter: Letter, poster: Poster) -> Tried:
        """Post every part of a letter; after trouble the others wait: all are posted again, with the same ids."""
        for part in self.requests(letter):
            tried = tried_of(poster.post(part.body, self._headers(part)))
            if not isinstance(tried, Sent):
                return tried
        return Sent(note=None)

    def _headers(self, part: Part) -> Mapping[str, str]:
        timestamp = int(self.now().timestamp())
        return {
            "Posture-Id": part.id,
            "Posture-Timestamp": str(timestamp),
            "Posture-Signature": signature(self.secret, timestamp=timestamp, body=part.body),
        }


def tried_of(answer: Answered | Lost) -> Tried:
    """Return what an answer of a receiver means."""
    answered = judged(answer)
    if not isinstance(answered, Answered):
        return answered
    if answered.status < 300:
        return Sent(note=None)
    meaning = _CLOSING.get(answered.status)
    if meaning is None:
        return Refused(because=f"{answered}.", closes_channel=False)
    return Refused(because=f"{answered}. {meaning}", closes_channel=True)
