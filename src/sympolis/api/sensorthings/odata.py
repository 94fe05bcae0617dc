"""The filter language of OData 4 as SensorThings uses it (OGC 18-088, section 9.3.3.5): from text to an expression.

Written here because the one kept library (odata-query) knows neither the ``st_`` functions nor paths across
navigation, which are half of what SensorThings asks (decision 0026).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sympolis.context.instants import find_instant
from sympolis.domain import errors
from sympolis.later import later

if TYPE_CHECKING:
    import shapely
else:
    shapely = later("shapely")

LONGEST: Final = 4096
_DEEPEST: Final = 40
_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<geography>geography'(?:[^']|'')*')
    | (?P<text>'(?:[^']|'')*')
    | (?P<time>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?)
    | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<name>[A-Za-z_@][\w.]*(?:/[A-Za-z_@][\w.@]*)*)
    | (?P<sign>[(),-])
    )""",
    re.VERBOSE,
)
_COMPARISONS: Final = ("eq", "ne", "gt", "ge", "lt", "le")
_SUMS: Final = ("add", "sub")
_PRODUCTS: Final = ("mul", "div", "mod")
_WORDS: Final = {"true": True, "false": False, "null": None}
FUNCTIONS: Final = {
    **dict.fromkeys(("substringof", "endswith", "startswith", "indexof", "concat", "contains"), (2, 2)),
    "substring": (2, 3),
    **dict.fromkeys(("length", "tolower", "toupper", "trim", "round", "floor", "ceiling"), (1, 1)),
    **dict.fromkeys(("year", "month", "day", "hour", "minute", "second", "fractionalseconds"), (1, 1)),
    **dict.fromkeys(("date", "time", "totaloffsetminutes"), (1, 1)),
    **dict.fromkeys(("now", "mindatetime", "maxdatetime"), (0, 0)),
    **dict.fromkeys(("geo.distance", "geo.intersects"), (2, 2)),
    "geo.length": (1, 1),
    **{f"st_{one}": (2, 2) for one in ("equals", "disjoint", "touches", "within", "overlaps", "crosses")},
    **{f"st_{one}": (2, 2) for one in ("intersects", "contains")},
    "st_relate": (3, 3),
}
"""How many arguments each takes, at least and at most."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value: text, number, truth, None, an instant or a shapely geometry."""

    value: Any


@dataclass(frozen=True, slots=True)
class Path:
    """A property, perhaps of something related: ``("Datastreams", "name")``."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function with its arguments."""

    name: str
    arguments: tuple[Any, ...]


Expression = Literal | Path | Call


def parse(text: str) -> Expression:
    """The expression of a ``$filter``. Raises ``InvalidRequest``."""
    if len(text) > LONGEST:
        raise errors.InvalidRequest(f"longer than {LONGEST} characters", where="$filter")
    return _Parser(text).whole()


def paths_in(expression: Any) -> Iterator[Path]:
    """Every property that an expression names."""
    if isinstance(expression, Path):
        yield expression
    elif isinstance(expression, Call):
        for argument in expression.arguments:
            yield from paths_in(argument)


def _mistake(message: str) -> errors.InvalidRequest:
    return errors.InvalidRequest(
        message, where="$filter", hint="for example result gt 20 and phenomenonTime ge 2024-05-01T00:00:00Z"
    )


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._place = 0
        self._depth = 0

    def whole(self) -> Expression:
        found = self._either()
        if self._place < len(self._tokens):
            raise _mistake(f"unexpected {self._tokens[self._place][1]!r}")
        return found

    def _peek(self, *words: str) -> str | None:
        """The next token if it is one of these words."""
        if self._place < len(self._tokens):
            kind, text = self._tokens[self._place]
            if kind in ("name", "sign") and text in words:
                return text
        return None

    def _take(self, *words: str) -> str | None:
        found = self._peek(*words)
        self._place += found is not None
        return found

    def _expect(self, sign: str) -> None:
        if self._take(sign) is None:
            raise _mistake(f"expected {sign!r}")

    def _chain(self, words: tuple[str, ...], inner: Callable[[], Expression]) -> Expression:
        found = inner()
        while (word := self._take(*words)) is not None:
            found = Call(word, (found, inner()))
        return found

    def _either(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _mistake(f"more than {_DEEPEST} brackets in each other")
        found = self._chain(("or",), lambda: self._chain(("and",), self._negated))
        self._depth -= 1
        return found

    def _negated(self) -> Expression:
        negations = 0
        while self._take("not"):
            negations += 1
        found = self._comparison()
        return Call("not", (found,)) if negations % 2 else found

    def _comparison(self) -> Expression:
        left = self._sum()
        word = self._take(*_COMPARISONS)
        return left if word is None else Call(word, (left, self._sum()))

    def _sum(self) -> Expression:
        return self._chain(_SUMS, lambda: self._chain(_PRODUCTS, self._primary))

    def _primary(self) -> Expression:
        if self._take("("):
            found = self._either()
            self._expect(")")
            return found
        if self._take("-"):
            return self._minus()
        if self._place >= len(self._tokens):
            raise _mistake("the filter ends too early")
        kind, text = self._tokens[self._place]
        self._place += 1
        if kind != "name":
            return Literal(_literal(kind, text))
        return self._named(text)

    def _minus(self) -> Expression:
        if self._place < len(self._tokens) and self._tokens[self._place][0] == "number":
            self._place += 1
            return Literal(-_literal("number", self._tokens[self._place - 1][1]))
        raise _mistake("expected a number after '-'")

    def _named(self, text: str) -> Expression:
        if text in _WORDS:
            return Literal(_WORDS[text])
        if not self._take("("):
            return Path(tuple(text.split("/")))
        return Call(text.lower(), self._arguments(text.lower()))

    def _arguments(self, name: str) -> tuple[Expression, ...]:
        if name not in FUNCTIONS:
            raise _mistake(f"there is no function {name}")
        found: list[Expression] = []
        while not self._take(")"):
            if found:
                self._expect(",")
            found.append(self._either())
        least, most = FUNCTIONS[name]
        if not least <= len(found) <= most:
            raise _mistake(f"{name} takes {least if least == most else f'{least} to {most}'} arguments")
        return tuple(found)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise _mistake(f"cannot read {text[place : place + 20]!r}")
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()


def _literal(kind: str, text: str) -> Any:
    if kind == "text":
        return text[1:-1].replace("''", "'")
    if kind == "number":
        return float(text) if any(one in text for one in ".eE") else int(text)
    if kind == "geography":
        return _geography(text[len("geography'") : -1])
    return _time(text) if kind == "time" else _unexpected(text)


def _unexpected(text: str) -> Any:
    raise _mistake(f"unexpected {text!r}")


def _time(text: str) -> Any:
    if "T" not in text:
        return text
    whole = text if re.search(r"T\d\d:\d\d:\d\d", text) else re.sub(r"(T\d\d:\d\d)", r"\1:00", text)
    found = find_instant(whole)
    if found is None:
        raise _mistake(f"{text} is no time")
    return found


def _geography(text: str) -> Any:
    try:
        return shapely.from_wkt(text.partition(";")[2] if text.upper().startswith("SRID=") else text)
    except shapely.errors.ShapelyError:
        raise _mistake(f"{text[:40]!r} is no geometry in WKT") from None
