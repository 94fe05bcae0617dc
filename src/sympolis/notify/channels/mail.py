"""E-mail by the operator's own server (SMTP, RFC 5321): the message id is the delivery's, so a repeat is recognised."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

from sympolis.decision.notices.record import Notice
from sympolis.domain.errors import DeliveryFailed, DeliveryRefused, SettingsInvalid
from sympolis.notify.channels.wording import message

_TIMEOUT_S = 20.0
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """``smtps://user:password@mail.city.example?from=twin@city.example``; also ``smtp`` and ``smtp+starttls``."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    sender: str

    @classmethod
    def parse(cls, address: str) -> MailServer:
        """Raises ``SettingsInvalid``."""
        parts = urlsplit(address)
        sender = parse_qs(parts.query).get("from", [""])[0]
        if parts.scheme not in _PORTS or not parts.hostname or "@" not in sender:
            raise SettingsInvalid(
                "expected smtps://user:password@host?from=address",
                where="mail_server",
                hint="also smtp:// and smtp+starttls://; ?from= is the sender's address",
            )
        port = parts.port or _PORTS[parts.scheme]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.scheme, parts.hostname, port, user, password, sender)

    async def post(self, to: str, subject: str, text: str, message_id: str = "") -> None:
        """Hand one letter over. Raises ``DeliveryFailed`` (try again), ``DeliveryRefused`` (no such mailbox)."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, to, subject.replace("\n", " ")
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<{message_id or uuid4().hex}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text)
        await asyncio.to_thread(self._hand_over, mail)

    def _hand_over(self, mail: EmailMessage) -> None:
        try:
            with self._connection() as connection:
                if self.user:
                    connection.login(self.user, self.password)
                connection.send_message(mail)
        except smtplib.SMTPRecipientsRefused as refused:
            raise DeliveryRefused(f"the mail server refuses the recipient: {refused}") from refused
        except (OSError, smtplib.SMTPException) as failed:
            raise DeliveryFailed(f"the mail server: {failed}") from failed

    def _connection(self) -> smtplib.SMTP:
        if self.scheme == "smtps":
            return smtplib.SMTP_SSL(
                self.host, self.port, timeout=_TIMEOUT_S, context=ssl.create_default_context()
            )
        connection = smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT_S)
        if self.scheme == "smtp+starttls":
            connection.starttls(context=ssl.create_default_context())
        return connection


class Mail:
    """See ``Carrier``. The server is the operator's choice, and so not held to the guard for what strangers name."""

    def __init__(self, server: MailServer, *, language: str, address: str) -> None:
        self._server = server
        self._language = language
        self._address = address

    async def send(self, to: str, notices: Sequence[Notice], message_id: str) -> None:
        """See ``Carrier.send``."""
        told = message(notices, language=self._language, address=self._address)
        await self._server.post(to, told.subject, told.text, message_id)
