"""Sending mail from a mailbox, as a message in JSON or as a whole MIME message.

Sources: https://learn.microsoft.com/graph/api/user-sendmail and https://learn.microsoft.com/graph/outlook-send-mime-message
"""

from __future__ import annotations

import base64
import binascii
import email
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import default
from typing import Any

from posture.simulator.graph_errors import GraphError
from posture.simulator.messages import GraphRequest
from posture.simulator.tenant import Entity, SentMail
from posture.simulator.writes.bodies import read_body
from posture.simulator.writes.write import Changed, Write

_MIME = "@simulator.mime"
_RECIPIENTS = {"toRecipients": "To", "ccRecipients": "Cc", "bccRecipients": "Bcc"}


def read_mail(request: GraphRequest) -> dict[str, Any]:
    """Return the body of a request to send mail; one in MIME in the shape of one in JSON. Raises Graph's 400."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "text/plain":
        return _read_mime(request.body)
    body = read_body(request)
    content = body["message"].get("body") if isinstance(body.get("message"), dict) else None
    if isinstance(content, dict) and isinstance(content.get("contentType"), str):
        # The documents themselves write "HTML", the metadata "html".
        content["contentType"] = content["contentType"].lower()
    return {name: value for name, value in body.items() if name != _MIME}


def send_mail(write: Write) -> Changed:
    """Keep the mail as one that was sent; raise Graph's refusal."""
    mailbox = _mailbox(write)
    message = write.body["message"]
    recipients = [_address(one) for name in _RECIPIENTS for one in message.get(name) or ()]
    if not recipients or not all("@" in address for address in recipients):
        raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
    sender = _address(message.get("from") or {})
    if sender and sender.lower() not in {str(mailbox["mail"]).lower(), str(mailbox["userPrincipalName"]).lower()}:
        raise GraphError(
            403,
            "ErrorSendAsDenied",
            "The user account which was used to submit this request does not have the right to send mail on behalf "
            "of the specified sending account.",
        )
    write.tenant.mails.append(
        SentMail(
            sent_at=write.now,
            mailbox=str(mailbox["mail"]),
            client_id=write.caller.client_id,
            recipients=tuple(recipients),
            message=message,
            mime=write.body.get(_MIME),
            stays_in_sent_items=write.body.get("saveToSentItems") is not False,
        )
    )
    return None


def mail_access_denied() -> GraphError:
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def _mailbox(write: Write) -> Entity:
    """Return the user whose mailbox it is. That of a user without an address is not in the cloud."""
    try:
        user = write.target("users")
    except GraphError:
        raise GraphError(404, "ErrorInvalidUser", f"The requested user '{write.keys[0][:100]}' is invalid.") from None
    if not user.get("mail"):
        raise GraphError(
            404,
            "MailboxNotEnabledForRESTAPI",
            "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
        )
    return user


def _read_mime(body: bytes) -> dict[str, Any]:
    try:
        raw = base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        raise GraphError(
            400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content."
        ) from None
    message = email.message_from_bytes(raw, _class=EmailMessage, policy=default)
    return {"message": _as_entity(message), _MIME: raw}


def _as_entity(message: EmailMessage) -> dict[str, Any]:
    content = message.get_body(("html", "plain"))
    fields: dict[str, Any] = {
        "subject": str(message.get("Subject", "")),
        "internetMessageId": str(message.get("Message-ID", "")),
        **{field: _recipients(message, header) for field, header in _RECIPIENTS.items()},
    }
    senders = _recipients(message, "From")
    if senders:
        fields["from"] = senders[0]
    if isinstance(content, EmailMessage):
        kind = "html" if content.get_content_subtype() == "html" else "text"
        fields["body"] = {"contentType": kind, "content": content.get_content()}
    return fields


def _recipients(message: EmailMessage, header: str) -> list[Entity]:
    addresses = getattr(message.get(header), "addresses", ())
    return [{"emailAddress": {"name": one.display_name, "address": one.addr_spec}} for one in addresses]


def _address(recipient: Mapping[str, Any]) -> str:
    return str((recipient.get("emailAddress") or {}).get("address") or "")
