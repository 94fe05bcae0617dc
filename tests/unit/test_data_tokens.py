"""Tokens for data under contract: who has one, and however they say it."""

import base64

import pytest

from sympolis.dataspace.delivery.tokens import fits, new_token


def test_a_token_is_known_however_it_is_sent() -> None:
    token = new_token()
    basic = base64.b64encode(f"anybody:{token.text}".encode()).decode()
    for said in (f"Bearer {token.text}", f"bearer  {token.text} ", f"Basic {basic}", token.text):
        assert fits(said, token.digest), said


@pytest.mark.parametrize(
    "said", [None, "", "Bearer", "Bearer ", "Basic", "Basic !!", "Basic /w==", "Basic eDp5", "x" * 999]
)
def test_what_is_no_token_fits_nothing(said: str | None) -> None:
    assert not fits(said, new_token().digest)
    assert not fits(said, "")


def test_the_token_itself_is_not_kept() -> None:
    one, other = new_token(), new_token()
    assert one.text not in one.digest
    assert one.digest != other.digest
    assert not fits(one.digest, one.digest)
    assert not fits(one.text, "")
