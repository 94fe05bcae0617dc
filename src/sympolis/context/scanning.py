"""Reading the small query languages: a cursor over text that knows where it is when something is wrong."""

from __future__ import annotations

import re

from sympolis.domain.errors import BadRequestData, TooComplexQuery

MAX_LENGTH = 4096
MAX_DEPTH = 8
MAX_LEAVES = 64


class Cursor:
    """A position in a query text. ``parameter`` names it in errors; positions count from 1."""

    def __init__(self, text: str, parameter: str) -> None:
        if len(text) > MAX_LENGTH:
            raise TooComplexQuery(f"this is longer than {MAX_LENGTH} characters", where=parameter)
        self.text = text
        self.parameter = parameter
        self.at = 0
        self._depth = 0
        self._leaves = 0

    @property
    def ended(self) -> bool:
        return self.at >= len(self.text)

    def peek(self) -> str:
        """The next character, '' at the end."""
        return self.text[self.at : self.at + 1]

    def accept(self, *options: str) -> str | None:
        """Go past the first of these texts that comes next; give it."""
        for option in options:
            if self.text.startswith(option, self.at):
                self.at += len(option)
                return option
        return None

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Go past what ``pattern`` matches here."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def expect(self, text: str, meaning: str) -> None:
        """Go past ``text`` or complain."""
        if self.accept(text) is None:
            raise self.wrong(f"expected {text!r} {meaning}")

    def descend(self) -> None:
        """Count a parenthesis opened."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooComplexQuery(f"parentheses nest deeper than {MAX_DEPTH}", where=self.parameter)

    def ascend(self) -> None:
        """Count a parenthesis closed."""
        self._depth -= 1

    def count_leaf(self) -> None:
        """Count one more term."""
        self._leaves += 1
        if self._leaves > MAX_LEAVES:
            raise TooComplexQuery(f"there are more than {MAX_LEAVES} terms", where=self.parameter)

    def wrong(self, message: str, *, hint: str = "", at: int | None = None) -> BadRequestData:
        """An error at this position (or ``at``)."""
        place = (self.at if at is None else at) + 1
        return BadRequestData(message, where=f"{self.parameter}, position {place}", hint=hint)
