"""The routes of ``/api/assets`` and of what partners are told, with their documentation."""

from __future__ import annotations

from typing import Any, Final

from sympolis.api.assets.handlers import (
    ANEW,
    KIND,
    LICENCE,
    PARTNER,
    SCOPE,
    TIER,
    VERSION,
    WORDS,
    AssetHandlers,
)
from sympolis.api.assets.sharing import SharedAssets
from sympolis.api.http import JSON
from sympolis.api.parameters import LIMIT, OFFSET
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    TEXTS,
    TIME,
    Schema,
    optional,
    reference,
    several,
    structure,
)
from sympolis.dataspace.repository.checks import TIERS
from sympolis.dataspace.repository.listing import KINDS
from sympolis.dataspace.repository.market import ADOPTIONS, PATH
from sympolis.domain.archives import ZIP

_TAG: Final = "Assets"
_BASE: Final = "/api/assets"
_ONE: Final = f"{_BASE}/published/{{asset}}"
_FILE: Final[Schema] = {"type": "string", "format": "binary"}
_RATING: Final = structure(
    {
        "runs": INTEGER,
        "succeeded": INTEGER,
        "success": NUMBER,
        "low": NUMBER,
        "high": NUMBER,
        "median_s": optional(NUMBER),
        "score": optional(OBJECT),
    }
)
SCHEMAS: Final[dict[str, Schema]] = {
    "Asset": structure(
        {
            "id": TEXT,
            "kind": {"enum": list(KINDS)},
            "name": TEXT,
            "version": TEXT,
            "publisher": TEXT,
            "title": TEXTS,
            "description": TEXTS,
            "licence": TEXT,
            "keywords": several(TEXT),
            "needs": several(TEXT),
            "gives": several(TEXTS),
            "requires": several(OBJECT),
            "published_at": optional(TIME),
            "bytes": INTEGER,
            "tier": {"enum": list(TIERS)},
            "adoptions": INTEGER,
            "rating": optional(_RATING),
        },
        required=("id", "kind", "version", "publisher", "title", "licence", "tier", "adoptions"),
    ),
    "AssetReport": structure(
        {
            "asset": TEXT,
            "version": TEXT,
            "verdict": {"enum": ["runs", "runs with adaptations", "cannot"]},
            "problems": several(OBJECT),
            "adaptations": several(OBJECT),
            "needs": OBJECT,
            "effort_days": several(NUMBER),
            "licence": OBJECT,
            "installs": OBJECT,
            "holds": {"enum": ["kept", "holds", "next-start"]},
            "signature": OBJECT,
            "tier": {"enum": list(TIERS)},
            "checks": several(OBJECT),
            "readme": TEXT,
        },
        required=("asset", "version", "verdict", "problems", "adaptations"),
    ),
    "InstalledAsset": structure(
        {
            "id": TEXT,
            "asset": TEXT,
            "kind": TEXT,
            "version": TEXT,
            "title": TEXTS,
            "partner": TEXT,
            "licence": TEXT,
            "at": TIME,
            "verdict": TEXT,
            "state": {"enum": ["kept", "holds", "next-start", "left-out"]},
            "declares": OBJECT,
            "told": BOOLEAN,
        },
        required=("id", "asset", "version", "partner", "state"),
    ),
}
_WANTED: Final[dict[str, Schema]] = {
    "partner": TEXT,
    "asset": TEXT,
    "version": TEXT,
    "licences": several(TEXT),
}
_EXAMPLE: Final = {"partner": "did:web:twin.city.example", "asset": "service.heat-waves", "version": "1.0.0"}
_IN_PATH: Final = {
    "asset": "An asset's id: its kind, a dot, its name.",
    "version": "Three numbers.",
    "installation": "An installation's id.",
}


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none where this twin cannot prove who it is."""
    if parts.assets is None or parts.federation is None:
        return ()
    handlers = AssetHandlers(parts.assets)
    shared = SharedAssets(parts.federation, parts.assets)
    return (*_published(handlers), *_taken(handlers), *_shared(shared))


def _operation(method: str, path: str, handle: Any, name: str, title: str, **more: Any) -> Operation:
    texts = {key: text for key, text in _IN_PATH.items() if f"{{{key}}}" in path}
    return Operation(
        method=method, path=path, handle=handle, name=name, title=title, tag=_TAG, path_texts=texts, **more
    )


def _gives(schema: Schema, *, status: int = 200) -> dict[int, Answer]:
    return {status: Answer("The answer.", {JSON: schema})}


def _published(handlers: AssetHandlers) -> tuple[Operation, ...]:
    one, version = reference("Asset"), f"{_ONE}/versions/{{version}}"
    publishing = structure(
        {
            "kind": {"enum": list(KINDS)},
            "name": TEXT,
            "version": TEXT,
            "licence": TEXT,
            "note": TEXT,
            "title": TEXTS,
            "description": TEXTS,
            "files": OBJECT,
        },
        required=("kind", "name"),
    )
    file = {200: Answer("The file.", {ZIP: _FILE})}
    return (
        _operation(
            "GET", _BASE, handlers.search, "searchAssets", "Assets of this twin and of its partners",
            parameters=(WORDS, KIND, LICENCE, TIER, PARTNER, SCOPE, ANEW, LIMIT, OFFSET), timeout_s=30.0,
            answers=_gives(structure({"assets": several(one), "count": INTEGER, "facets": OBJECT,
                                      "partners": several(OBJECT), "partial": BOOLEAN})),
            text="`partial` says that a partner's answer is missing or old, `partners` whose.",
        ),
        _operation(
            "GET", f"{_BASE}/publishable", handlers.publishable, "listPublishable", "What could be published",
            answers=_gives(structure({"things": several(OBJECT)})),
        ),
        _operation(
            "POST", f"{_BASE}/published", handlers.publish, "publishAsset", "Publish a version of an asset",
            body=Body(publishing, example={"kind": "service", "name": "heat-waves"}), answers=_gives(one, status=201),
            text="From what the twin has; `files` (name → base64) for notebooks, pipelines, contract templates and "
                 "learning material. What is published is public.",
        ),
        _operation("GET", _ONE, handlers.get, "getAsset", "One of this twin's assets", parameters=(VERSION,),
                   answers=_gives(one)),
        _operation("DELETE", version, handlers.withdraw, "withdrawAsset", "Offer a version no longer",
                   answers={204: Answer("It is offered no longer.")}),
        _operation("GET", f"{version}/package", handlers.package, "downloadAsset", "A version's signed package",
                   answers=file),
        _operation(
            "GET", f"{version}/kserve", handlers.kserve, "exportAssetForKserve",
            "A learned model as KServe serves it (Open Inference Protocol v2)", answers=file,
        ),
    )  # fmt: skip


def _taken(handlers: AssetHandlers) -> tuple[Operation, ...]:
    base, one = f"{_BASE}/installed", reference("InstalledAsset")
    wanted = structure(_WANTED, required=("partner", "asset", "version"))
    installing = structure({**_WANTED, "anyway": BOOLEAN}, required=("partner", "asset", "version"))
    return (
        _operation(
            "POST", f"{_BASE}/report", handlers.report, "reportAsset", "Whether a partner's asset runs here",
            body=Body(wanted, example=_EXAMPLE), answers=_gives(reference("AssetReport")), timeout_s=60.0,
            text="Signature, licence, what is missing, what has to be adapted, and how much work that is.",
        ),
        _operation("GET", base, handlers.installed, "listInstalledAssets", "What was installed here",
                   answers=_gives(structure({"installed": several(one)}))),
        _operation(
            "POST", base, handlers.install, "installAsset", "Install a partner's asset", timeout_s=60.0,
            body=Body(installing, example=_EXAMPLE), answers=_gives(one, status=201),
            text="What is only shown (dashboards, stories, rules that warn) holds at once, other declarations from the "
                 "next start on: `holds` of the report says which. `licences` accepts unknown ones by name; `anyway` "
                 "installs what has no data here yet.",
        ),
        _operation("DELETE", f"{base}/{{installation}}", handlers.uninstall, "uninstallAsset", "Let an asset go",
                   answers={204: Answer("It is gone: what is only shown at once, all else from the next start on.")}),
    )  # fmt: skip


def _shared(handlers: SharedAssets) -> tuple[Operation, ...]:
    taken = structure({"asset": TEXT, "version": TEXT}, required=("asset", "version"))
    return (
        _operation("GET", PATH, handlers.listed, "shareAssets", "Our assets, for partners' twins",
                   answers=_gives(structure({"assets": several(reference("Asset"))}))),
        _operation("GET", f"{PATH}/{{asset}}/{{version}}", handlers.package, "shareAssetPackage",
                   "A package, for partners' twins", answers={200: Answer("The file.", {ZIP: _FILE})}),
        _operation(
            "POST", ADOPTIONS, handlers.adopted, "countAdoption", "A partner's twin took an asset",
            body=Body(taken, example={"asset": "service.heat-waves", "version": "1.0.0"}),
            answers=_gives(structure({"adoptions": INTEGER})),
            text="Who took it is kept as a hash alone; what is shown is the count.",
        ),
    )  # fmt: skip
