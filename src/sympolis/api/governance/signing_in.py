"""Signing in: the built-in issuer over HTTP (OpenID Connect Core 1.0, RFC 6749, RFC 7636, RFC 8252)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from sympolis.api.auth import COOKIE, SECURE_COOKIE, session_of
from sympolis.api.governance.forms import read_form
from sympolis.api.governance.sign_in_page import sign_in_page
from sympolis.api.http import JSON, Reply, Request, json_reply
from sympolis.api.negotiation import language_of
from sympolis.api.parts import Governed
from sympolis.domain import errors
from sympolis.governance.audit.record import Act, Event
from sympolis.governance.identity.attempts import Attempts
from sympolis.governance.identity.issuer import SESSION_S, Issuer
from sympolis.governance.identity.records import User
from sympolis.governance.identity.subject import Subject

PATH = "/api/identity"
UI_CLIENT, CLI_CLIENT = "sympolis-ui", "sympolis-cli"
_NO_STORE = "no-store"
_HTML = "text/html; charset=utf-8"
_LONGEST = 2048
_AT_ONCE = 2
"""Passwords that are checked at the same time: each takes tens of milliseconds and 64 MB on purpose."""


class SigningIn:
    """Handlers below ``/api/identity``. ``public_url`` is the server's own address, where it has a fixed one."""

    def __init__(self, governed: Governed, issuer: Issuer, public_url: str) -> None:
        self._accounts = governed.accounts
        self._audit = governed.audit
        self._issuer = issuer
        self._public_url = public_url.rstrip("/")
        self._attempts = Attempts()
        self._checking = asyncio.Semaphore(_AT_ONCE)

    # --- for clients that look for it

    async def describe(self, request: Request) -> Reply:
        """OpenID Connect Discovery 1.0, section 4."""
        own = self._address(request)
        return json_reply(
            {
                "issuer": own,
                "authorization_endpoint": f"{own}/authorize",
                "token_endpoint": f"{own}/token",
                "jwks_uri": f"{own}/jwks",
                "end_session_endpoint": f"{own}/logout",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "client_credentials"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": [
                    "none",
                    "client_secret_basic",
                    "client_secret_post",
                ],
                "scopes_supported": ["openid"],
            }
        )

    async def keys(self, request: Request) -> Reply:  # noqa: ARG002
        """The public keys (RFC 7517)."""
        return json_reply(self._issuer.public_keys())

    # --- for people

    async def page(self, request: Request) -> Reply:
        """The form."""
        following = _path_here(request.parameters.get("next", "/"))
        language = language_of(request.header(b"accept-language"))
        return Reply(body=sign_in_page(following, language), media=_HTML, cache=_NO_STORE)

    async def sign_in(self, request: Request) -> Reply:
        """Take name and password; a cookie, and the page that was wanted."""
        form = await read_form(request)
        name, following = form.get("user", "")[:128], _path_here(form.get("next", "/"))
        by_form = request.media_type != JSON
        try:
            user = await self._checked(request, name, form.get("password", ""))
        except errors.Unauthenticated:
            if not by_form:
                raise
            body = sign_in_page(following, language_of(request.header(b"accept-language")), failed=True)
            return Reply(status=401, body=body, media=_HTML, cache=_NO_STORE)
        cookie = _cookie(request, self._issuer.session(user), SESSION_S)
        if by_form:
            return Reply(
                status=303, headers=(cookie, (b"location", following.encode())), media="", cache=_NO_STORE
            )
        return msgspec.structs.replace(json_reply({"id": user.id}, headers=(cookie,)), cache=_NO_STORE)

    async def sign_out(self, request: Request) -> Reply:
        """End the session, with the tokens that came of it, and forget the cookie."""
        subject, session = self._signed_in(request), session_of(request)
        if subject is not None and session is not None:
            await asyncio.to_thread(self._issuer.end, session)
            await self._note(request, Act.SIGNED_OUT, subject.id)
        return Reply(status=204, headers=(_cookie(request, "", 0),), cache=_NO_STORE)

    async def _checked(self, request: Request, name: str, password: str) -> User:
        """The user, or ``Unauthenticated``, or ``TooManyAttempts``; written down either way."""
        who, where = f"user {name}", f"address {request.peer}"
        self._attempts.check(who, where)
        try:
            async with self._checking:
                user = await asyncio.to_thread(self._accounts.by_password, name, password)
        except errors.Unauthenticated:
            self._attempts.failed(who, where)
            known = self._accounts.directory.find_user(name) is not None
            await self._note(request, Act.SIGN_IN_FAILED, name if known else "")
            raise
        self._attempts.succeeded(who)
        await self._note(request, Act.SIGNED_IN, user.id)
        return user

    # --- for clients

    async def authorize(self, request: Request) -> Reply:
        """A code for whoever has signed in; the form first for whoever has not (RFC 6749, section 4.1.1)."""
        asked = request.parameters
        client, redirect = asked.get("client_id", ""), asked.get("redirect_uri", "")
        self._check_client(request, client, redirect)
        if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            raise errors.InvalidRequest("expected response_type=code with code_challenge_method=S256")
        subject = self._signed_in(request)
        if subject is None:
            wanted = f"{PATH}/authorize?{urlencode(asked)}"
            location = f"{PATH}/login?next={quote(wanted, safe='')}"
        else:
            code = self._issuer.code(
                subject.id,
                client=client,
                redirect=redirect,
                challenge=asked.get("code_challenge", ""),
                nonce=asked.get("nonce", "")[:200],
                session=self._issuer.session_id(session_of(request) or ""),
            )
            state = {"state": asked["state"]} if "state" in asked else {}
            joined = "&" if "?" in redirect else "?"
            location = f"{redirect}{joined}{urlencode({'code': code, **state})}"
        return Reply(status=303, headers=((b"location", location.encode()),), media="", cache=_NO_STORE)

    async def token(self, request: Request) -> Reply:
        """Tokens for a code or for a key (RFC 6749, sections 4.1.3 and 4.4.2)."""
        form = await read_form(request)
        own = self._address(request)
        if form.get("grant_type") == "authorization_code":
            found = self._issuer.redeem(
                form.get("code", ""),
                client=form.get("client_id", ""),
                redirect=form.get("redirect_uri", ""),
                verifier=form.get("code_verifier", ""),
                issuer=own,
            )
        elif form.get("grant_type") == "client_credentials":
            found = self._issuer.for_key(_secret(request, form), issuer=own)
        else:
            raise errors.InvalidRequest(
                "expected authorization_code or client_credentials", where="grant_type"
            )
        return msgspec.structs.replace(json_reply(found), cache=_NO_STORE)

    # --- parts

    def _signed_in(self, request: Request) -> Subject | None:
        session = session_of(request)
        return None if session is None else self._issuer.session_subject(session)

    def _address(self, request: Request) -> str:
        return (self._public_url or request.base_url) + PATH

    def _check_client(self, request: Request, client: str, redirect: str) -> None:
        """Codes go to our own pages, or to a program on the reader's own machine (RFC 8252, section 7.3)."""
        parts, own = urlsplit(redirect), urlsplit(self._public_url or request.base_url)
        ours = client == UI_CLIENT and (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        local = client == CLI_CLIENT and parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1")
        plain = redirect.isascii() and redirect.isprintable() and len(redirect) <= _LONGEST
        if not (ours or local) or not plain or parts.fragment or parts.username is not None:
            raise errors.InvalidRequest(
                "no code is sent to this address",
                where="redirect_uri",
                hint=f"{UI_CLIENT} has this server's own pages, {CLI_CLIENT} http://127.0.0.1:PORT/",
            )

    async def _note(self, request: Request, act: Act, user: str) -> None:
        await self._audit.keep(Event(act, user, act.value, request.path, request.id))


def _path_here(text: str) -> str:
    """The path that a form leads to; the front page for anything that could lead elsewhere."""
    inside = text.startswith("/") and not text.startswith(("//", "/\\"))
    plain = text.isascii() and text.isprintable() and "\\" not in text and len(text) <= 2 * _LONGEST
    return text if inside and plain else "/"


def _cookie(request: Request, value: str, lasts_s: int) -> tuple[bytes, bytes]:
    secure = request.secure
    name = SECURE_COOKIE if secure else COOKIE
    line = f"{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={lasts_s}{'; Secure' if secure else ''}"
    return b"set-cookie", line.encode()


def _secret(request: Request, form: Mapping[str, str]) -> str:
    """The key that a client sends as its secret, in the form or by HTTP Basic (RFC 6749, section 2.3.1)."""
    header = request.header(b"authorization") or ""
    if not header.lower().startswith("basic "):
        return form.get("client_secret", "")
    try:
        return base64.b64decode(header[6:].strip(), validate=True).decode("ascii").partition(":")[2]
    except ValueError:
        return ""
