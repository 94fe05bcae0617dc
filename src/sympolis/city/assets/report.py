"""The compatibility report: what is in the way between an asset and this twin, before anything of it is installed.

Three things are held against each other: what its models need and what the broker has (as for the twin's own
services), what it declares and the city's package (read together as at a start), and what it was made with and what is
installed here. Everything says what it costs and how long it takes, as far as anybody can say.
"""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from sympolis.city import check, describing
from sympolis.city.assets import contracts, overlay, parts
from sympolis.city.assets.holding import since_when
from sympolis.city.assets.shop import is_learned
from sympolis.dataspace.discovery import needing
from sympolis.dataspace.repository.checks import known_licence
from sympolis.dataspace.repository.kinds import Kind
from sympolis.dataspace.repository.manifest import Manifest, Required
from sympolis.dataspace.repository.package import Package
from sympolis.dataspace.repository.records import Installed
from sympolis.domain import errors
from sympolis.governance.catalogue.licences import LICENCES
from sympolis.orchestration.adapting import ADAPTED, CANNOT, RUNS, Remark, document
from sympolis.orchestration.compatibility import Compatibility, Supply
from sympolis.orchestration.documents import supply as supply_document
from sympolis.plugins import loader

if TYPE_CHECKING:
    from sympolis.city.schema import City
    from sympolis.governance.datamodels.model import DataModel
    from sympolis.orchestration.gather import Names

Json = dict[str, Any]
_MAIN: Final = frozenset({Kind.MAPPING, Kind.SERVICE, Kind.MODEL, Kind.DASHBOARD, Kind.STORY, Kind.PLAN})
_KEPT: Final = frozenset({Kind.NOTEBOOK, Kind.PIPELINE, Kind.CONTRACT_TEMPLATE, Kind.LEARNING_MATERIAL})
_MOST_REMARKS: Final = 60
_MODELS: Final = "data-models"
_TERM: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}", re.ASCII)
_IRI: Final = re.compile(r"(?:https?://|urn:)[^\s<>\"{}|\\^`]{1,290}", re.ASCII)
_DEFAULT: Final = "https://uri.etsi.org/ngsi-ld/default-context/"


@dataclass(slots=True)
class Report:
    """What was found. ``declarations`` are those of the asset as they fit here, ready to be laid over the package."""

    manifest: Manifest
    problems: list[tuple[str, Remark]] = field(default_factory=list)
    adaptations: list[tuple[str, Remark]] = field(default_factory=list)
    supplies: dict[str, list[Supply]] = field(default_factory=dict)
    declarations: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """``runs``, ``runs with adaptations`` or ``cannot``."""
        return CANNOT if self.problems else ADAPTED if self.adaptations else RUNS

    def document(self) -> Json:
        """As the API gives it."""
        days = [one.days for _, one in self.adaptations if one.days]
        licence = LICENCES.get(self.manifest.licence)
        return {
            "asset": self.manifest.id,
            "version": self.manifest.version,
            "verdict": self.verdict,
            "problems": [document(one, model) for model, one in self.problems[:_MOST_REMARKS]],
            "adaptations": [document(one, model) for model, one in self.adaptations[:_MOST_REMARKS]],
            "needs": {
                model: [supply_document(one) for one in found] for model, found in self.supplies.items()
            },
            "effort_days": [sum(low for low, _ in days), sum(high for _, high in days)],
            "licence": {
                "code": self.manifest.licence,
                "known": known_licence(self.manifest.licence),
                "attribution": None if licence is None else licence.attribution,
                "share_alike": None if licence is None else licence.share_alike,
            },
            "installs": {folder: sorted(found) for folder, found in self.declarations.items()},
            "holds": since_when(self.declarations),
        }


class Fitting:
    """Makes reports for one twin. ``installed`` are the assets that it has already."""

    def __init__(self, city: City, names: Names, comparing: Callable[[Names], Compatibility]) -> None:
        self._city = city
        self._names = names
        self._comparing = comparing

    async def report(
        self, package: Package, installed: Sequence[Installed] = (), *, licences: Sequence[str] = ()
    ) -> Report:
        """What stands between this asset and this twin; ``licences`` are accepted besides the known ones."""
        found = Report(package.manifest)
        found.problems += [("", one) for one in _licence(package.manifest, licences)]
        found.adaptations += [("", one) for one in _alike(package.manifest)]
        for required in package.manifest.requires:
            self._require(found, required, installed)
        wrong = contracts.mistakes(package.manifest.kind, package.content, package.manifest.about)
        found.problems += [("", remark("wrong", message=one)) for one in wrong]
        if not wrong:
            self._declare(found, package, installed)
            await asyncio.to_thread(self._read_together, found, installed)
        await self._compare(found)
        found.adaptations += [("", one) for one in _by_kind(package.manifest)]
        return found

    def _require(self, found: Report, required: Required, installed: Sequence[Installed]) -> None:
        if required.what == parts.PLUGIN:
            problem, note = _plugin(required)
            found.problems += [("", one) for one in problem]
            found.adaptations += [("", one) for one in note]
        elif not self._has(required, installed):
            found.problems.append(("", remark("required", what=required.what, name=required.name)))

    def _has(self, required: Required, installed: Sequence[Installed]) -> bool:
        folders: Mapping[str, Iterable[str]] = {"model": self._city.models, "master-data": self._city.kinds}
        brought = {name for one in installed for name in one.declarations.get(f"{required.what}s", ())}
        return required.name in folders.get(required.what, ()) or required.name in brought

    # --- what it declares

    def _declare(self, found: Report, package: Package, installed: Sequence[Installed]) -> None:
        manifest = package.manifest
        learned = is_learned(manifest.about)
        declared = {} if learned else contracts.declarations(manifest.kind, package.content)
        for folder, documents in declared.items():
            own = overlay.own_names(self._city.folder, folder)
            own |= {name for one in installed for name in one.declarations.get(folder, ())}
            if folder == _MODELS:
                own |= {one.name for one in self._known() if (one.name, one.version) in _named(documents)}
            for name, one in documents.items():
                if name not in own:
                    found.declarations.setdefault(folder, {})[name] = self._fitted(found, folder, name, one)
                elif name == manifest.name and manifest.kind in _MAIN:
                    found.problems.append(("", remark("taken", folder=folder, name=name)))
                else:
                    found.adaptations.append(("", remark("own", name=f"{folder}/{name}")))
        if found.declarations:
            self._add_terms(found, manifest)

    def _known(self) -> Sequence[DataModel]:
        return describing.registry(self._city).all()

    def _fitted(self, found: Report, folder: str, name: str, declared: Json) -> Json:
        """The declaration in this city's words."""
        if folder == "services":
            found.adaptations.append((name, remark("scenarios")))
        if folder != "models":
            return declared
        found.adaptations.append((name, remark("calibration", name=name)))
        types = self._types(found, name, declared)
        rest = {key: value for key, value in declared.items() if key != "types"}
        return {**rest, "types": types} if types else rest

    def _types(self, found: Report, model: str, declared: Json) -> dict[str, str]:
        """Need → what its entities are called here, where that differs from what the simulator calls them."""
        known = loader.simulators()
        simulator = declared.get("simulator", "")
        if simulator not in known:
            return dict(declared.get("types", {}))
        usual = {need.name: need.type for need in known[simulator].needs}
        types = {}
        for need in found.manifest.needs:
            name, iri = need.get("name", ""), need.get("type", "")
            if need.get("model") != model or name not in usual or not isinstance(iri, str):
                continue
            here = self._names.compact(iri)
            if ":" in here:  # no word for it here: what the simulator calls it is as good as any
                continue
            if here != usual[name]:
                types[name] = here
                found.adaptations.append(
                    (model, remark("renamed", name, need=name, there=usual[name], here=here))
                )
        return types

    def _add_terms(self, found: Report, manifest: Manifest) -> None:
        own = self._city.context.get("@context", {})
        fresh = {
            term: iri for term, iri in manifest.terms.items() if term not in own and self._is_free(term, iri)
        }
        for term, iri in manifest.terms.items():
            if term in own and (here := self._names.expand(term)) != iri:
                found.adaptations.append(("", remark("other-meaning", name=term, here=here, there=iri)))
        if fresh:
            found.declarations["contexts"] = dict(fresh)
            names = ", ".join(sorted(fresh)[:12])
            found.adaptations.append(("", remark("terms", count=len(fresh), names=names)))

    def _is_free(self, term: str, iri: str) -> bool:
        """Whether a term means nothing here yet, and may: terms of the core context belong to nobody else."""
        plain = _TERM.fullmatch(term) is not None and _IRI.fullmatch(iri) is not None
        return plain and self._names.expand(term).startswith(_DEFAULT)

    def _read_together(self, found: Report, installed: Sequence[Installed]) -> None:
        """Read the package as at the next start; what is wrong then and was not before is in the way."""
        if not found.declarations:
            return
        before = [one.declarations for one in installed]
        _, present = check.inspect(self._city.folder, overlay.merged(before))
        _, then = check.inspect(self._city.folder, overlay.merged([*before, found.declarations]))
        known = set(present)
        for one in (one for one in then if one not in known):
            if one.error:
                found.problems.append(("", remark("wrong", message=str(one))))
            else:
                found.adaptations.append(("", remark("warned", message=str(one))))

    # --- what it needs

    async def _compare(self, found: Report) -> None:
        names = needing.Borrowed(self._names)
        comparing = self._comparing(names)
        by_model: dict[str, list[Any]] = {}
        for given in found.manifest.needs[: needing.MOST_NEEDS * 3]:
            if (need := needing.read(given, names)) is not None:
                by_model.setdefault(str(given.get("model", "")), []).append(need)
        for model, needs in by_model.items():
            key = f"{found.manifest.publisher} {found.manifest.id} {model}"
            kind = needing.model_of(key, f"{found.manifest.version} {needs!r}", needs)
            for supply in await comparing.of(kind):
                found.supplies.setdefault(model, []).append(supply)
                found.problems += [(model, one) for one in supply.problems]
                found.adaptations += [(model, one) for one in supply.adaptations]


def _named(documents: Mapping[str, Json]) -> set[tuple[str, Any]]:
    return {(name, one.get("version")) for name, one in documents.items()}


def _licence(manifest: Manifest, accepted: Sequence[str]) -> Iterator[Remark]:
    if not known_licence(manifest.licence) and manifest.licence not in accepted:
        yield remark("licence", name=manifest.licence)


def _alike(manifest: Manifest) -> Iterator[Remark]:
    licence = LICENCES.get(manifest.licence)
    if licence is not None and licence.share_alike:
        yield remark("share-alike", name=licence.code)


def _plugin(required: Required) -> tuple[list[Remark], list[Remark]]:
    known = loader.simulators()
    if required.name not in known:
        return [remark("plugin", name=required.name, version=required.version)], []
    here = known.manifest(required.name).version
    try:
        known[required.name]
    except errors.SettingsInvalid as missing:
        return [remark("wrong", message=f"{missing.message} ({missing.hint})")], []
    if here == required.version:
        return [], []
    return [], [remark("plugin-version", name=required.name, version=required.version, here=here)]


def _by_kind(manifest: Manifest) -> Iterator[Remark]:
    if manifest.kind in _KEPT:
        yield remark("kept")
    elif manifest.kind is Kind.DATASET:
        yield remark("pointer", name=manifest.publisher)
    elif is_learned(manifest.about):
        yield remark("draft")


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("remarks.toml").read_text(encoding="utf-8"))


HARD: Final = frozenset({"plugin", "required", "licence", "taken", "wrong"})
"""Problems that nobody can install over; that data are missing yet, they can."""


def remark(kind: str, about: str = "", **names: object) -> Remark:
    """A remark of ``remarks.toml``; ``names`` fill the places in its wording."""
    words = _words()[kind]
    said = [
        {tag: words[part][tag].format(**names) for tag in words[part]} for part in ("text", "consequence")
    ]
    days = words.get("days")
    return Remark(kind, about, said[0], said[1], None if days is None else (days[0], days[1]))
