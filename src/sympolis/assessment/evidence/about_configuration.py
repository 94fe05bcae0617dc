"""Checks of the server's configuration as it runs: what a self-check of its security asks first."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Final

from sympolis.assessment.evidence.checking import Seen, check
from sympolis.assessment.evidence.facts import Facts, Setup

HEADERS: Final = ("content-security-policy", "x-content-type-options", "referrer-policy")
ENCRYPTED_MAIL: Final = ("smtps", "smtp+starttls")
LONGEST_KEY_DAYS: Final = 366
MOST_BODY_BYTES: Final = 64 * 2**20
LONGEST_REQUEST_S: Final = 120.0
NARROW_V4: Final = 24
NARROW_V6: Final = 64
"""Prefixes from which a network of proxies is narrow enough to be believed."""
_OTHERS: Final = 0o077


def _of_setup(facts: Facts, look: Callable[[Setup], bool], value: Callable[[Setup], object]) -> Seen:
    """What a look at the configuration says; nothing is claimed where nobody told it."""
    if facts.setup is None:
        return Seen(False, {"value": "?"})
    return Seen(look(facts.setup), {"value": str(value(facts.setup))})


@check("hosts-bounded")
def _hosts_bounded(facts: Facts) -> Seen:
    return _of_setup(facts, lambda one: "*" not in one.hosts, lambda one: ", ".join(one.hosts) or "–")


@check("frames-bounded")
def _frames_bounded(facts: Facts) -> Seen:
    return _of_setup(facts, lambda one: "*" not in one.embedders, lambda one: ", ".join(one.embedders) or "–")


@check("headers-sent")
def _headers_sent(facts: Facts) -> Seen:
    return _of_setup(facts, lambda one: set(HEADERS) <= set(one.headers), lambda one: ", ".join(one.headers))


@check("bodies-bounded")
def _bodies_bounded(facts: Facts) -> Seen:
    return _of_setup(facts, _bounded, lambda one: f"{one.most_body_bytes // 2**20} MB, {one.timeout_s:g} s")


def _bounded(one: Setup) -> bool:
    return 0 < one.most_body_bytes <= MOST_BODY_BYTES and 0 < one.timeout_s <= LONGEST_REQUEST_S


@check("private-addresses-refused")
def _private_addresses_refused(facts: Facts) -> Seen:
    return _of_setup(facts, lambda one: not one.private_addresses, lambda one: one.private_addresses)


@check("data-folder-private")
def _data_folder_private(facts: Facts) -> Seen:
    return _of_setup(
        facts,
        lambda one: one.folder_mode > 0 and not one.folder_mode & _OTHERS,
        lambda one: oct(one.folder_mode),
    )


@check("sign-in-slowed")
def _sign_in_slowed(facts: Facts) -> Seen:
    """Failed attempts are always counted; by whose address, an any-host proxy setting would leave to the caller."""
    slowed = facts.identity == "required" and "access" in facts.parts
    return _of_setup(facts, lambda one: slowed and _all_narrow(one), lambda _: facts.identity)


@check("keys-expire")
def _keys_expire(facts: Facts) -> Seen:
    return _of_setup(
        facts, lambda one: one.longest_key_days <= LONGEST_KEY_DAYS, lambda one: one.longest_key_days
    )


@check("single-sign-on")
def _single_sign_on(facts: Facts) -> Seen:
    return _of_setup(facts, _signs_on, lambda one: ", ".join(one.issuers) or "–")


def _signs_on(one: Setup) -> bool:
    return bool(one.issuers) and all(issuer.startswith("https://") for issuer in one.issuers)


@check("mail-encrypted")
def _mail_encrypted(facts: Facts) -> Seen:
    return _of_setup(
        facts, lambda one: not one.mail or one.mail in ENCRYPTED_MAIL, lambda one: one.mail or "–"
    )


@check("test-mode-off")
def _test_mode_off(facts: Facts) -> Seen:
    return _of_setup(facts, lambda one: not one.test_mode, lambda one: one.test_mode)


@check("proxies-narrow")
def _proxies_narrow(facts: Facts) -> Seen:
    return _of_setup(facts, _all_narrow, lambda one: ", ".join(one.proxies) or "–")


def _all_narrow(one: Setup) -> bool:
    return all(_is_narrow(proxy) for proxy in one.proxies)


def _is_narrow(proxy: str) -> bool:
    network = ipaddress.ip_network(proxy, strict=False)
    return network.prefixlen >= (NARROW_V4 if network.version == 4 else NARROW_V6)


@check("store-durable")
def _store_durable(facts: Facts) -> Seen:
    return _of_setup(facts, lambda one: one.durable, lambda one: one.durable)


@check("workers-bounded")
def _workers_bounded(facts: Facts) -> Seen:
    return _of_setup(facts, lambda one: one.worker_memory_mb > 0, lambda one: f"{one.worker_memory_mb} MB")


@check("logging-discreet")
def _logging_discreet(facts: Facts) -> Seen:
    return _of_setup(facts, lambda one: not one.debugging, lambda one: one.debugging)
