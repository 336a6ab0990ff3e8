"""What people read and follow in each form of a message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from html import unescape
from typing import Any

from posture.notify.wording import MailText


def as_sent(mail: MailText) -> bytes:
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["Subject"] = mail.subject
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message.as_bytes()


def words_of(html: str) -> str:
    """Return what people read of HTML, its spaces as they see them."""
    body = html[html.index("<body") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from texts_of(item)


def urls_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["url"]] if "url" in value else []
        return own + [url for item in value.values() for url in urls_of(item)]
    return [url for item in value for url in urls_of(item)] if isinstance(value, list) else []
