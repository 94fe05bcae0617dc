"""From a method and a path to the operation that answers, and nothing the document does not know.

An ``Operation`` is the handler together with its description: the router and the OpenAPI document are two readings
of the same tuple, which is why they agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sympolis.api.http import JSON, Handler, Request, decode
from sympolis.api.parameters import Parameter
from sympolis.domain import errors


@dataclass(frozen=True, slots=True)
class Answer:
    """One documented answer: what it means and, per media type, its JSON Schema (None: no body)."""

    text: str
    content: Mapping[str, Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """What a request must carry: the JSON Schema, and the media types it may come in."""

    schema: Mapping[str, Any]
    media: tuple[str, ...] = (JSON,)
    example: object = None
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked: where, how, of whom and what comes back.

    ``path`` has ``{names}`` for parameters. ``later`` names parameters of the standard that are known and not offered
    yet (501); any other unknown parameter is refused (400) unless ``open_parameters``. ``timeout_s`` 0 means: as long
    as it takes.
    """

    method: str
    path: str
    handle: Handler
    name: str
    title: str
    tag: str
    answers: Mapping[int, Answer]
    text: str = ""
    clause: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    later: tuple[str, ...] = ()
    open_parameters: bool = False
    timeout_s: float | None = None
    path_texts: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Parameter] = field(init=False)
    checked: object = field(init=False, default_factory=object)
    """Under this key, parameters that passed remember it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", {parameter.name: parameter for parameter in self.parameters})

    def check_parameters(self, request: Request) -> None:
        """Raise for a parameter that this operation does not take, or whose value breaks its schema."""
        if request.query_string:
            request.parameters.once(self.checked, lambda: self._check(request))

    def _check(self, request: Request) -> None:
        for name in request.parameters:
            if name in self.known:
                self.known[name].check(request)
            elif name in self.later:
                raise errors.NotImplementedHere(f"the parameter {name} is not offered yet", where=name)
            elif not self.open_parameters:
                raise errors.InvalidRequest(
                    "unknown parameter",
                    where=name,
                    hint=f"known here: {', '.join(sorted(self.known)) or 'none'}",
                )


class _Node:
    __slots__ = ("child", "literals", "operations", "parameter")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.child: _Node | None = None
        self.operations: dict[str, tuple[Operation, tuple[str, ...]]] = {}
        self.parameter = ""


class Router:
    """Finds operations by path, on the percent-encoded segments, with or without a trailing slash."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.operations = tuple(operations)
        self._root = _Node()
        for operation in self.operations:
            self._add(operation)

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation and its decoded path arguments; None if no operation has this path.

        Raises ``MethodNotAllowed`` (hint: what is allowed), for an undecodable argument ``InvalidRequest`` and for one
        that is missing at the end ``BadRequestData``.
        """
        found = self._walk(path)
        if found is None:
            return None
        node, values = found
        hit = node.operations.get("GET" if method == "HEAD" else method)
        if hit is None:
            _check_entity_is_named(node, method, path)
            raise errors.MethodNotAllowed(
                f"{method} is not offered here", where="method", hint=f"allowed: {', '.join(_allowed(node))}"
            )
        operation, names = hit
        return operation, {name: decode(value, name) for name, value in zip(names, values, strict=True)}

    def allowed(self, path: str) -> list[str]:
        """The methods this path answers; empty if there is no such path."""
        found = self._walk(path)
        return _allowed(found[0]) if found else []

    def _walk(self, path: str) -> tuple[_Node, list[str]] | None:
        segments = path.split("/")[1:]
        if segments and not segments[-1]:
            segments.pop()
        node: _Node | None = self._root
        values: list[str] = []
        for segment in segments:
            following = node.literals.get(segment)  # type: ignore[union-attr]
            if following is None:
                following = node.child if segment else None  # type: ignore[union-attr]
                values.append(segment)
            if following is None:
                return None
            node = following
        return (node, values) if node is not None and node.operations else None

    def _add(self, operation: Operation) -> None:
        node = self._root
        names: list[str] = []
        for segment in operation.path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment.strip("{}"))
                node.child = node.child or _Node()
                node = node.child
            else:
                node = node.literals.setdefault(segment, _Node())
        if operation.method in node.operations:
            raise ValueError(f"two operations for {operation.method} {operation.path}")
        node.operations[operation.method] = (operation, tuple(names))


def _check_entity_is_named(node: _Node, method: str, path: str) -> None:
    """An entity operation whose id is empty is a bad request, not one on the collection (clause 5.6)."""
    below = {} if node.child is None else node.child.operations
    named = method in ("PATCH", "PUT") and method in below and below[method][1][-1] == "entityId"
    if named and path.endswith("/"):
        raise errors.BadRequestData("the entity's id in the path is empty", where="path")


def _allowed(node: _Node) -> list[str]:
    methods = set(node.operations)
    if "GET" in methods:
        methods.add("HEAD")
    return [*sorted(methods), "OPTIONS"]
