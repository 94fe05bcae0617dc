"""Channels against real servers on this machine: an ntfy topic, an inbox, a browser's push service, a mail server."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from sympolis.app.pushing import PushKey
from sympolis.decision.notices.record import Notice, Reading, State
from sympolis.decision.notices.rule import About
from sympolis.domain import errors
from sympolis.egress import EgressPolicy, Guard, HttpClient
from sympolis.notify.channels.mail import Mail, MailServer
from sympolis.notify.channels.push import Push
from sympolis.notify.channels.web import Inbox, Ntfy
from sympolis.stores.embedded.federation import FederationBook
from sympolis.testing.receivers import Receiver, receiver

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOTICE = Notice(
    id="notice-1", rule="no2", title={"de": "Stickstoffdioxid zu hoch", "en": "NO2 too high"}, urgent=True,
    state=State.OPEN, raised_at=AT,
    reading=Reading(
        about=About.INDICATOR, subject="no2", title={"de": "NO₂"}, value=62.5, unit="µg/m³", at=AT, page="#/overview"
    ),
)  # fmt: skip
ADDRESS = "https://twin.city.example"


def with_receiver(test: Callable[[Receiver, HttpClient], Awaitable[None]], *, loopback: bool = True) -> None:
    """Run the test with a server on this machine and a client that may call it, or may not."""

    async def run() -> None:
        client = HttpClient(Guard(EgressPolicy(allow_loopback=loopback)))
        async with receiver() as found:
            try:
                await test(found, client)
            finally:
                await client.close()

    asyncio.run(run())


def test_a_topic_is_told_in_the_citys_language() -> None:
    async def test(server: Receiver, client: HttpClient) -> None:
        await Ntfy(client, language="de", address=ADDRESS).send(f"{server.url}/air", [NOTICE], "m-1")
        got = await server.next()
        assert got.line == "POST /air HTTP/1.1" and got.headers["priority"] == "high"
        assert got.headers["click"] == f"{ADDRESS}/#/overview" and got.headers["x-message-id"] == "m-1"
        assert "Stickstoffdioxid zu hoch: NO₂ 62,5 µg/m³" in got.body.decode()

    with_receiver(test)


def test_an_inbox_gets_an_activity() -> None:
    async def test(server: Receiver, client: HttpClient) -> None:
        await Inbox(client, language="en", address="").send(f"{server.url}/inbox", [NOTICE], "m-1")
        got = await server.next()
        assert got.headers["content-type"] == "application/ld+json"
        assert (got.json["type"], got.json["id"]) == ("Announce", "urn:sympolis:m-1")
        assert got.json["object"][0]["nameMap"]["en"] == "NO2 too high"

    with_receiver(test)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("503 Busy", errors.DeliveryFailed),
        ("429 Slow", errors.DeliveryFailed),
        ("410 Gone", errors.DeliveryRefused),
    ],
)
def test_some_answers_are_worth_another_try(status: str, expected: type[Exception]) -> None:
    async def test(server: Receiver, client: HttpClient) -> None:
        server.answer = lambda _: f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
        with pytest.raises(errors.DeliveryFailed) as found:
            await Ntfy(client, language="en", address="").send(server.url, [NOTICE], "m-1")
        assert type(found.value) is expected

    with_receiver(test)


def test_addresses_of_this_machine_are_not_called() -> None:
    async def test(server: Receiver, client: HttpClient) -> None:
        with pytest.raises(errors.DeliveryRefused):
            await Ntfy(client, language="en", address="").send(server.url, [NOTICE], "m-1")
        assert server.got.empty()

    with_receiver(test, loopback=False)


def test_a_browser_can_read_what_its_push_service_cannot() -> None:
    http_ece = pytest.importorskip("http_ece")
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from joserfc import jwt
    from joserfc.jwk import ECKey

    browser, secret = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"
    point = browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    key = PushKey(FederationBook.in_memory())

    async def test(server: Receiver, client: HttpClient) -> None:
        keys = {"p256dh": _encoded(point), "auth": _encoded(secret)}
        subscription = json.dumps({"endpoint": f"{server.url}/push/1", "keys": keys})
        push = Push(client, sign=key.token, public_key=key.point, language="en", address=ADDRESS)
        await push.send(subscription, [NOTICE], "m-1")
        got = await server.next()
        assert b"NO2" not in got.body and got.headers["content-encoding"] == "aes128gcm"
        words = http_ece.decrypt(got.body, private_key=browser, auth_secret=secret, version="aes128gcm")
        assert json.loads(words)["title"].startswith("NO2 too high")
        token, public = got.headers["authorization"].removeprefix("vapid t=").split(", k=")
        raw = base64.urlsafe_b64decode(public + "=")
        jwk: dict[str, str | list[str]] = {
            "kty": "EC",
            "crv": "P-256",
            "x": _encoded(raw[1:33]),
            "y": _encoded(raw[33:]),
        }
        claims = jwt.decode(token, ECKey.import_key(jwk), algorithms=["ES256"]).claims
        assert claims["aud"] == server.url and claims["sub"] == ADDRESS

    with_receiver(test)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_what_is_no_subscription_is_refused() -> None:
    async def test(_: Receiver, client: HttpClient) -> None:
        push = Push(client, sign=lambda _: "", public_key=str, language="en", address="")
        with pytest.raises(errors.DeliveryRefused, match="no subscription"):
            await push.send("{}", [NOTICE], "m-1")

    with_receiver(test)


async def _mail_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mails: list[str]) -> None:
    """Just enough of RFC 5321; refuses the mailbox "nobody"."""
    writer.write(b"220 here\r\n")
    while line := (await reader.readline()).decode():
        verb = line.split(":")[0].strip().upper()
        if verb == "DATA":
            writer.write(b"354 go on\r\n")
            mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
        elif verb == "QUIT":
            writer.write(b"221 bye\r\n")
            break
        writer.write(b"550 unknown\r\n" if verb == "RCPT TO" and "nobody" in line else b"250 ok\r\n")
    writer.close()


async def _mailed(to: str) -> list[str]:
    mails: list[str] = []
    server = await asyncio.start_server(lambda r, w: _mail_server(r, w, mails), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    given = MailServer.parse(f"smtp://127.0.0.1:{port}?from=twin@city.example")
    try:
        await Mail(given, language="en", address=ADDRESS).send(to, [NOTICE], "m-1")
    finally:
        server.close()
        await server.wait_closed()
    return mails


def test_a_mail_carries_the_id_of_its_delivery() -> None:
    [mail] = asyncio.run(_mailed("duty@city.example"))
    assert "Message-ID: <m-1@city.example>" in mail and "Auto-Submitted: auto-generated" in mail
    assert "To: duty@city.example" in mail and "Subject: NO2 too high" in mail


def test_a_mailbox_that_is_not_there_is_not_tried_again() -> None:
    with pytest.raises(errors.DeliveryRefused):
        asyncio.run(_mailed("nobody@city.example"))


def test_letters_to_people_go_by_the_same_server() -> None:
    async def posted() -> list[str]:
        mails: list[str] = []
        server = await asyncio.start_server(lambda r, w: _mail_server(r, w, mails), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        post = MailServer.parse(f"smtp://127.0.0.1:{port}?from=twin@city.example").post
        await post("anna@home.example", "Il centro\nBcc: x@y.example", "Il vostro collegamento")
        server.close()
        await server.wait_closed()
        return mails

    [mail] = asyncio.run(posted())
    assert "Subject: Il centro Bcc: x@y.example" in mail, "no header comes of a subject"


def test_a_mail_server_that_is_down_is_tried_again() -> None:
    given = MailServer.parse("smtp://127.0.0.1:9?from=twin@city.example")
    with pytest.raises(errors.DeliveryFailed):
        asyncio.run(Mail(given, language="en", address="").send("duty@city.example", [NOTICE], "m-1"))


@pytest.mark.parametrize("address", ["mail.city.example", "smtp://mail.city.example", "http://a?from=b@c"])
def test_a_mail_server_is_checked_at_the_start(address: str) -> None:
    with pytest.raises(errors.SettingsInvalid):
        MailServer.parse(address)
