"""Photos, made anew from their pixels: where and with what they were taken, and what else hides in a file, is gone."""

from __future__ import annotations

import io
import warnings
from importlib.util import find_spec
from typing import Final

from sympolis.domain import errors

MEDIA: Final = "image/jpeg"
MOST_BYTES: Final = 8 * 1024 * 1024
MOST_PIXELS: Final = 40_000_000
MOST_PER_CONTRIBUTION: Final = 3
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_LONGEST_SIDE: Final = 1600
_QUALITY: Final = 82


def made_anew(raw: bytes) -> bytes:
    """A JPEG of at most 1600 pixels a side without any metadata. CPU work: not for the event loop.

    Raises ``PayloadTooLarge``, ``UnsupportedMediaType`` for what is no JPEG, PNG or WebP, ``NotImplementedHere``
    without Pillow.
    """
    if len(raw) > MOST_BYTES:
        raise errors.PayloadTooLarge(f"a photo may have at most {MOST_BYTES} bytes", where="body")
    if find_spec("PIL") is None:
        raise errors.NotImplementedHere(
            "photos need the extra `participation`",
            where="photos",
            hint="pip install 'sympolis[participation]'",
        )
    return _drawn(raw)


def _drawn(raw: bytes) -> bytes:
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", Image.DecompressionBombWarning
            )  # the size is looked at below, before decoding
            with Image.open(io.BytesIO(raw), formats=_FORMATS) as image:
                _check_size(*image.size)
                upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
        plain = Image.new("RGB", upright.size)
        plain.paste(upright)
        out = io.BytesIO()
        plain.save(out, "JPEG", quality=_QUALITY, optimize=True)
        return out.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as problem:
        raise errors.UnsupportedMediaType(
            "this is no photo that can be read", where="body", hint="send a JPEG, PNG or WebP"
        ) from problem


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise errors.PayloadTooLarge(f"a photo may have at most {MOST_PIXELS} pixels", where="body")
