"""Turns what a source's field holds into the value an attribute stores: type, code list, unit, relationship target."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sympolis.acquisition import units
from sympolis.acquisition.identity import urn
from sympolis.acquisition.mapping import AttributeRule, SeriesRule, template_fields
from sympolis.acquisition.quality import Unfit
from sympolis.acquisition.source import Expectation
from sympolis.acquisition.times import Clock, as_written, iso_text
from sympolis.domain import errors
from sympolis.domain.entity import AttributeKind

_WORD = re.compile(r"[^\W\d_]+")
Fields = Mapping[str, Any]
Take = Callable[[Fields], Any]
"""From a row's fields to the value, None where there is none. Raises ``Unfit``."""
Convert = Callable[[Any], Any]


def taker(
    rule: AttributeRule, expectation: Expectation | None, city: str, expand: Callable[[str], str], zone: str
) -> Take:
    """The function that gets an attribute's value out of a row. ``zone``: of the clock that texts of times follow."""
    if rule.field is None and rule.template is None:
        return _fixed(_kind_of(rule, city, expand)(rule.value))
    if rule.unit_field is not None:
        return _in_rows_unit(rule)
    steps = [_part(rule), _letters(rule), _converter(rule, expectation, zone), _kind_of(rule, city, expand)]
    return _chain(_raw(rule), [step for step in steps if step is not _as_it_is])


def number_taker(rule: AttributeRule | SeriesRule, from_unit: str | None) -> Convert:
    """The function that reads a number in ``from_unit`` and gives it in the rule's unit. Raises ``Unfit``."""
    convert = units.converter(rule.unit, from_unit)
    decimal, thousands, decimals = rule.decimal, rule.thousands, rule.decimals
    plain = convert is None and decimals is None

    def take(raw: Any) -> int | float:
        number = to_number(raw, decimal, thousands)
        if plain:
            return number
        if convert is not None:
            number = convert(number)
        return number if decimals is None else round(number, decimals)

    return take


def to_number(raw: Any, decimal: str = ".", thousands: str = "") -> int | float:
    """A finite number; whole numbers stay whole. Raises ``Unfit`` (``type``)."""
    if isinstance(raw, bool):
        raise Unfit("type", f"{raw!r} is not a number", "number")
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float):
        return _finite(raw, raw)
    text = str(raw)
    if thousands:
        text = _without_groups(text, decimal, thousands)
    if decimal != ".":
        text = text.replace(decimal, ".")
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return _finite(float(text), raw)
    except ValueError:
        raise Unfit("type", f"{raw!r} is not a number", f"number with decimal sign {decimal!r}") from None


def _without_groups(text: str, decimal: str, thousands: str) -> str:
    """``text`` without the signs between groups; groups of other than three digits are no such number."""
    whole, sign, rest = text.replace("\u00a0", " ").replace("\u202f", " ").partition(decimal)
    first, *groups = whole.split(thousands)
    if groups and not (
        first.lstrip("+-").isdigit() and all(len(one) == 3 and one.isdigit() for one in groups)
    ):
        raise Unfit(
            "type", f"{text!r} is not a number", f"groups of three digits, {thousands!r} between them"
        )
    return first + "".join(groups) + sign + rest


def _finite(number: float, raw: Any) -> float:
    if not math.isfinite(number):
        raise Unfit("type", f"{raw!r} is not a finite number", "number")
    return number


def _fixed(value: Any) -> Take:
    return lambda _: value


def _raw(rule: AttributeRule) -> Take:
    if rule.template is None:
        name = rule.field
        return lambda fields: fields.get(name)  # type: ignore[arg-type]
    template, names = rule.template, template_fields(rule.template)

    def fill(fields: Fields) -> str | None:
        if any(fields.get(name) is None for name in names):
            return None
        return template.format_map(fields)

    return fill


def _chain(raw: Take, steps: list[Convert]) -> Take:
    if not steps:
        return raw

    def take(fields: Fields) -> Any:
        value = raw(fields)
        for step in steps:
            if value is None:
                return None
            value = step(value)
        return value

    return take


def _letters(rule: AttributeRule) -> Convert:
    if rule.letters == "given":
        return _as_it_is
    return lambda raw: _WORD.sub(lambda word: word[0].capitalize(), str(raw))


def _part(rule: AttributeRule) -> Convert:
    if rule.part is None:
        return _as_it_is
    separator, part = rule.separator, rule.part

    def take(raw: Any) -> str | None:
        parts = str(raw).split(separator)
        if not -len(parts) <= part < len(parts):
            raise Unfit("type", f"{raw!r} has no part {part}", f"parts with {separator!r} between them")
        return parts[part].strip() or None

    return take


def _as_it_is(value: Any) -> Any:
    return value


def _in_rows_unit(rule: AttributeRule) -> Take:
    takers = {
        word: number_taker(rule, code) for word, code in {**_own_codes(rule), **rule.unit_names}.items()
    }

    def take(fields: Fields) -> Any:
        raw = fields.get(rule.field or "")
        if raw is None:
            return None
        word = str(fields.get(rule.unit_field or ""))
        if word not in takers:
            raise Unfit("unit", f"{word!r} is not a unit this mapping knows", ", ".join(sorted(takers)))
        return takers[word](raw)

    return take


def _own_codes(rule: AttributeRule) -> dict[str, str]:
    return {code: code for code in (rule.unit, rule.from_unit) if code is not None}


def _converter(rule: AttributeRule, expectation: Expectation | None, zone: str) -> Convert:
    if rule.codes:
        return _coded(rule.codes)
    kind = rule.type
    if kind == "auto":
        kind = "number" if rule.unit is not None or rule.decimals is not None else _expected(expectation)
    if kind == "number":
        return number_taker(rule, rule.from_unit)
    if kind == "integer":
        return lambda raw: _integer(raw, rule)
    if kind in ("time", "date"):
        return _moment(kind, rule.format, zone)
    if kind == "list":
        return lambda raw: _list(raw, rule.separator)
    return _CONVERTERS.get(kind, _as_it_is)


def _expected(expectation: Expectation | None) -> str:
    return "auto" if expectation is None or expectation.type is None else expectation.type


def _coded(codes: Mapping[str, Any]) -> Convert:
    def convert(raw: Any) -> Any:
        try:
            return codes[str(raw)]
        except KeyError:
            raise Unfit("code", f"{raw!r} is not in the code list", ", ".join(sorted(codes))) from None

    return convert


def _integer(raw: Any, rule: AttributeRule) -> int:
    number = to_number(raw, rule.decimal, rule.thousands)
    if number != int(number):
        raise Unfit("type", f"{raw!r} is not a whole number", "integer")
    return int(number)


def _list(raw: Any, separator: str) -> list[Any]:
    return raw if isinstance(raw, list) else [part.strip() for part in str(raw).split(separator)]


_TRUE = frozenset({"true", "1", "yes", "y", "si", "sì", "ja", "vero", "t"})
_FALSE = frozenset({"false", "0", "no", "n", "nein", "falso", "f"})


def _boolean(raw: Any) -> bool:
    word = str(raw).casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Unfit("type", f"{raw!r} is not true or false", "boolean")


def _json(raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError as cause:
        raise Unfit("type", f"is not JSON: {cause}", "JSON") from cause


def _moment(kind: str, form: str, zone: str) -> Convert:
    clock = Clock(zone, form)
    typed = "Date" if kind == "date" else "DateTime"
    expected = as_written(form)

    def convert(raw: Any) -> dict[str, str]:
        try:
            local = clock.local(raw)
            text = local.date().isoformat() if kind == "date" else iso_text(clock.utc(local))
        except (ValueError, TypeError, OverflowError, OSError):
            raise Unfit("type", f"{raw!r} is not a {kind}", expected) from None
        return {"@type": typed, "@value": text}

    return convert


_CONVERTERS: dict[str, Convert] = {"text": str, "boolean": _boolean, "json": _json}


def _kind_of(rule: AttributeRule, city: str, expand: Callable[[str], str]) -> Convert:
    if rule.kind is AttributeKind.RELATIONSHIP:
        return _relationship(rule.target, city)
    if rule.kind is AttributeKind.LIST_RELATIONSHIP:
        one = _relationship(rule.target, city)
        return lambda value: [one(item) for item in _list(value, rule.separator)]
    if rule.kind is AttributeKind.LANGUAGE_PROPERTY:
        return lambda value: _language_map(value, rule.language)
    if rule.kind is AttributeKind.VOCAB_PROPERTY:
        return lambda value: _vocabulary(value, expand)
    if rule.kind is AttributeKind.LIST_PROPERTY:
        return lambda value: _list(value, rule.separator)
    return _as_it_is


def _key(value: Any) -> str:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise Unfit("type", f"{value!r} is not the key of a thing", "a text or a whole number")


def _vocabulary(value: Any, expand: Callable[[str], str]) -> str:
    try:
        return expand(str(value))
    except errors.BadRequestData as cause:
        raise Unfit(
            "code", f"{value!r} cannot be a word of a vocabulary: {cause.message}", "a term"
        ) from cause


def _relationship(target: str | None, city: str) -> Convert:
    if target is not None:
        return lambda value: urn(target, city, _key(value))

    def check(value: Any) -> str:
        if not isinstance(value, str) or ":" not in value or " " in value:
            raise Unfit("type", f"{value!r} is not a URI", "a URI; or name a target in the mapping")
        return value

    return check


def _language_map(value: Any, language: str | None) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {str(key): str(text) for key, text in value.items()}
    if language is None:
        raise Unfit(
            "type", f"{value!r} has no language", "a text per language; or name a language in the mapping"
        )
    return {language: str(value)}
