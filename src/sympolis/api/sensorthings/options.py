"""What a request asks of the things it names: ``$filter``, ``$expand`` and the rest (OGC 18-088, section 9.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sympolis.api.sensorthings import odata
from sympolis.api.sensorthings.model import Kind
from sympolis.domain import errors

MOST: Final = 1_000
DEFAULT: Final = 100
_DEEPEST: Final = 4
_KNOWN: Final = ("$filter", "$expand", "$select", "$orderby", "$top", "$skip", "$count", "$resultFormat")
NAMES: Final = _KNOWN
_ORDER: Final = re.compile(r"([@\w./]+)(?:\s+(asc|desc))?")


@dataclass(frozen=True, slots=True)
class OrderKey:
    """A property (or a path to one) to order by."""

    names: tuple[str, ...]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Expansion:
    """Related things to show in place."""

    navigation: str
    options: Options


@dataclass(frozen=True, slots=True)
class Options:
    """See the module; ``select`` None: everything."""

    filter: odata.Expression | None = None
    expand: tuple[Expansion, ...] = ()
    select: frozenset[str] | None = None
    order: tuple[OrderKey, ...] = ()
    top: int = DEFAULT
    skip: int = 0
    count: bool = False
    data_array: bool = False
    given: Mapping[str, str] = field(default_factory=dict)
    """As it was written."""


def read(parameters: Mapping[str, str], kind: Kind, *, depth: int = 0) -> Options:
    """The options of a request for things of a kind. Raises ``InvalidRequest``, ``NotImplementedHere``."""
    for name in parameters:
        if name not in _KNOWN:
            raise errors.InvalidRequest("unknown option", where=name, hint=", ".join(_KNOWN))
    text = parameters.get("$filter")
    expression = None if text is None else odata.parse(text)
    if expression is not None:
        for path in odata.paths_in(expression):
            check_path(path.names, kind, "$filter")
    return Options(
        expression,
        _expansions(parameters.get("$expand", ""), kind, depth),
        _selected(parameters.get("$select"), kind),
        _ordering(parameters.get("$orderby", ""), kind),
        _number(parameters, "$top", DEFAULT, MOST),
        _number(parameters, "$skip", 0, 1_000_000),
        _flag(parameters),
        _data_array(parameters, kind),
        parameters,
    )


def check_path(names: tuple[str, ...], kind: Kind, where: str) -> None:
    """Raise ``InvalidRequest`` for a path that leads nowhere."""
    if len(names) > _DEEPEST:
        raise errors.InvalidRequest(f"more than {_DEEPEST} steps", where=where)
    for place, name in enumerate(names):
        if name in kind.navigation:
            kind = kind.navigation[name].kind
        elif name in (*kind.properties, "id", "@iot.id", "@iot.selfLink"):
            if place + 1 < len(names) and name not in kind.open:
                raise errors.InvalidRequest(f"{name} has nothing below it", where=where)
            return
        else:
            known = ", ".join((*kind.properties, *kind.navigation))
            raise errors.InvalidRequest(f"{kind.name} have no {name}", where=where, hint=known)


def parts(text: str, sign: str) -> Iterator[str]:
    """The parts of a text between signs that stand outside of brackets and quotes. Raises ``InvalidRequest``."""
    depth, quoted, start = 0, False, 0
    for place, one in enumerate(text):
        quoted ^= one == "'"
        if quoted:
            continue
        depth += (one == "(") - (one == ")")
        if depth < 0:
            break
        if one == sign and not depth:
            yield text[start:place].strip()
            start = place + 1
    if depth or quoted:
        raise errors.InvalidRequest("brackets or quotes do not close", where="$expand")
    if text[start:].strip():
        yield text[start:].strip()


def _expansions(text: str, kind: Kind, depth: int) -> tuple[Expansion, ...]:
    if text and depth >= _DEEPEST:
        raise errors.InvalidRequest(f"deeper than {_DEEPEST} steps", where="$expand")
    found: dict[str, Expansion] = {}
    for part in parts(text, ","):
        path, bracket, inside = part.partition("(")
        names = [name.strip() for name in path.split("/")]
        if bracket and not inside.endswith(")"):
            raise errors.InvalidRequest(f"cannot read {part!r}", where="$expand")
        given = dict(_option(one) for one in parts(inside[:-1], ";")) if bracket else {}
        expansion = _nested(names, given, kind, depth)
        found[expansion.navigation] = _merged(found.get(expansion.navigation), expansion)
    return tuple(found.values())


def _merged(first: Expansion | None, second: Expansion) -> Expansion:
    """``A/B,A/C`` shows both in A."""
    if first is None:
        return second
    both = (*first.options.expand, *second.options.expand)
    return Expansion(first.navigation, Options(expand=both, top=first.options.top))


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise errors.InvalidRequest(f"expected $option=value, not {text!r}", where="$expand")
    return name.strip(), value.strip()


def _nested(names: list[str], given: Mapping[str, str], kind: Kind, depth: int) -> Expansion:
    name, *rest = names
    target = kind.navigation.get(name)
    if target is None:
        hint = ", ".join(kind.navigation)
        raise errors.InvalidRequest(f"{kind.name} lead to no {name!r}", where="$expand", hint=hint)
    if not rest:
        return Expansion(name, read(given, target.kind, depth=depth + 1))
    if depth + 1 >= _DEEPEST:
        raise errors.InvalidRequest(f"deeper than {_DEEPEST} steps", where="$expand")
    return Expansion(name, Options(expand=(_nested(rest, given, target.kind, depth + 1),)))


def _selected(text: str | None, kind: Kind) -> frozenset[str] | None:
    if text is None:
        return None
    names = frozenset(part.strip() for part in text.split(","))
    known = {*kind.properties, *kind.navigation, "id", "@iot.id", "@iot.selfLink"}
    for name in names - known:
        hint = ", ".join(sorted(known))
        raise errors.InvalidRequest(f"{kind.name} have no {name!r}", where="$select", hint=hint)
    return names


def _ordering(text: str, kind: Kind) -> tuple[OrderKey, ...]:
    found = []
    for part in [one.strip() for one in text.split(",") if one.strip()]:
        match = _ORDER.fullmatch(part)
        if match is None:
            raise errors.InvalidRequest(f"cannot read {part!r}", where="$orderby", hint="name asc, id desc")
        names = tuple(match[1].split("/"))
        check_path(names, kind, "$orderby")
        found.append(OrderKey(names, match[2] == "desc"))
    return tuple(found)


def _number(parameters: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise errors.InvalidRequest("expected a whole number", where=name)
    if name == "$skip" and int(text) > most:
        raise errors.InvalidRequest(f"at most {most}", where=name)
    return min(int(text), most)


def _flag(parameters: Mapping[str, str]) -> bool:
    text = parameters.get("$count", "false")
    if text not in ("true", "false"):
        raise errors.InvalidRequest("expected true or false", where="$count")
    return text == "true"


def _data_array(parameters: Mapping[str, str], kind: Kind) -> bool:
    text = parameters.get("$resultFormat")
    if text is None:
        return False
    if text != "dataArray":
        raise errors.NotImplementedHere("only dataArray is offered", where="$resultFormat")
    if kind.name != "Observations":
        raise errors.InvalidRequest("dataArray is for Observations", where="$resultFormat")
    return True
