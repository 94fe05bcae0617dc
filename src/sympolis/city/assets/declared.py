"""Assets from declarations: a service with its models, a mapping, a data model, a dashboard, a story, a plan, a rule.

Made from what the running twin holds. What is about this city alone does not travel: calibrations (only their figures
do), scenarios over its streets, who has which gap; whoever takes the asset makes these anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from sympolis.acquisition import mapping as mappings
from sympolis.city import describing
from sympolis.city.assets import parts
from sympolis.city.declarations import document_of, encode
from sympolis.dataspace.repository.draft import Draft
from sympolis.dataspace.repository.kinds import Kind
from sympolis.dataspace.repository.manifest import Required
from sympolis.domain import errors
from sympolis.orchestration.naming import named
from sympolis.plugins import loader

if TYPE_CHECKING:
    from sympolis.city.schema import City, ModelPlan
    from sympolis.city.services import ServicePlan
    from sympolis.orchestration.gather import Names
    from sympolis.plugins.simulator import Simulator

Json = dict[str, Any]
Texts = Mapping[str, str]

FOLDERS: Final[Mapping[Kind, str]] = {
    Kind.DATA_MODEL: "data-models",
    Kind.MAPPING: "mappings",
    Kind.SERVICE: "services",
    Kind.MODEL: "models",
    Kind.DASHBOARD: "dashboards",
    Kind.STORY: "stories",
    Kind.PLAN: "plans",
    Kind.RULEBOOK: "alerts",
}
"""Where a package keeps declarations of a kind. Of rulebooks only rules that warn are declarations of a city."""
_OF_THE_CITY: Final = {"services": ("gaps", "scenarios"), "models": ("calibration",)}
"""What of a declaration stays at home."""
_TEXTS: Final[Mapping[Kind, Texts]] = {
    Kind.MAPPING: {
        "it": "Traduce i campi di una fonte in {type}: {names}. Con unità, codici, luoghi e tempi.",
        "de": "Überträgt die Felder einer Quelle in {type}: {names}. Mit Einheiten, Codes, Orten und Zeiten.",
        "en": "Carries the fields of a source over into {type}: {names}. With units, codes, places and times.",
    },
    Kind.DATA_MODEL: {
        "it": "Modello di dati {type} {version} con {names}; JSON Schema, forme SHACL e @context si ricavano da esso.",
        "de": "Datenmodell {type} {version} mit {names}; JSON Schema, SHACL-Formen und @context folgen daraus.",
        "en": "Data model {type} {version} with {names}; JSON Schema, SHACL shapes and @context follow from it.",
    },
    Kind.DASHBOARD: {
        "it": "Cruscotto con {names}: ogni cifra dice da dove viene e quanto è sicura.",
        "de": "Dashboard mit {names}: Jede Zahl sagt, woher sie kommt und wie sicher sie ist.",
        "en": "A dashboard with {names}: every figure says where it comes from and how sure it is.",
    },
    Kind.STORY: {
        "it": "Racconto in {names} viste del gemello, ognuna con ciò che mostra; si percorre o si stampa.",
        "de": "Geschichte in {names} Ansichten des Zwillings, jede mit ihrer Aussage; zum Durchgehen und Drucken.",
        "en": "A story in {names} views of the twin, each with what it shows; to be walked through, or printed.",
    },
    Kind.PLAN: {
        "it": "Piano secondo {names}: passi, obiettivi, misure e monitoraggio, calcolati dai modelli del gemello.",
        "de": "Plan nach {names}: Schritte, Ziele, Maßnahmen und Monitoring, gerechnet von den Modellen des Zwillings.",
        "en": "A plan under {names}: steps, targets, measures and monitoring, worked out by the twin's models.",
    },
    Kind.RULEBOOK: {
        "it": "Regola di allerta su {names}: soglie, durata e che cosa fare, nelle lingue della città.",
        "de": "Warnregel zu {names}: Schwellen, Dauer, was zu tun ist; in den Sprachen der Stadt.",
        "en": "A rule that warns of {names}: thresholds, how long they hold and what to do, in the city's languages.",
    },
}


class Declared:
    """Drafts of a city's declarations. ``names`` are the city's short terms."""

    def __init__(self, city: City, names: Names) -> None:
        self._city = city
        self._names = names

    def listed(self) -> Iterator[tuple[Kind, str, Texts]]:
        """Kind, name and title of everything that can be published."""
        for kind in FOLDERS:
            for name, plan in self._plans(kind).items():
                yield kind, name, self._title(plan, name)

    def has(self, kind: Kind, name: str) -> bool:
        """Whether there is such a declaration."""
        return kind in FOLDERS and name in self._plans(kind)

    def draft(self, kind: Kind, name: str) -> Draft:
        """The draft of one of them. Raises ``NotFound``."""
        if not self.has(kind, name):
            raise errors.NotFound(f"this twin has no {kind} {name[:80]!r}", where="name")
        plan = self._plans(kind)[name]
        if kind is Kind.SERVICE:
            return self._service(plan)
        if kind is Kind.MODEL:
            return self._model(plan)
        return self._plain(kind, name, plan)

    def _plans(self, kind: Kind) -> dict[str, Any]:
        city = self._city
        found: Iterable[Any] = {
            Kind.MAPPING: city.mappings.values(),
            Kind.SERVICE: city.services,
            Kind.MODEL: city.models.values(),
            Kind.DASHBOARD: city.dashboards,
            Kind.STORY: city.stories,
            Kind.PLAN: city.plans,
            Kind.RULEBOOK: city.alerts,
        }.get(kind) or (describing.registry(city).newest() if kind is Kind.DATA_MODEL else ())
        return {one.name if kind is Kind.DATA_MODEL else one.id: one for one in found}

    def _title(self, plan: Any, name: str) -> Texts:
        titles = getattr(plan, "title", None)
        if titles:
            return dict(titles)
        if simulator := getattr(plan, "simulator", ""):
            return dict(self._simulator(simulator).title)
        for source in self._city.sources.values():  # a mapping is called as what it reads
            refresh = source.refresh
            if name == source.mapping or (refresh is not None and name == refresh.mapping):
                return dict(source.title)
        words = name.replace("-", " ").capitalize()
        return {language: words for language in self._city.facts.languages}

    def _plain(self, kind: Kind, name: str, plan: Any) -> Draft:
        document = _portable(kind, document_of(plan))
        terms = parts.terms_in(document, self._city.context, self._names)
        telling, values = self._telling(kind, plan)
        return Draft(
            kind=kind,
            name=name,
            title=self._title(plan, name),
            description=parts.described(telling, _TEXTS[kind], **values),
            licence=self._city.facts.licence,
            keywords=tuple(terms)[:50],
            requires=tuple(self._required(kind, plan)),
            needs=tuple(self._read(kind, document)),
            gives=self._given(kind, plan),
            terms=terms,
            content={f"{FOLDERS[kind]}/{name}.json": encode(document)},
        )

    def _telling(self, kind: Kind, plan: Any) -> tuple[Texts, dict[str, str]]:
        """What the plan says of itself, and the figures that fill in where it is silent."""
        if kind is Kind.MAPPING:
            names = ", ".join(mappings.attribute_names(plan)[:12])
            return {}, {"type": plan.entity_type, "names": names}
        if kind is Kind.DATA_MODEL:
            names = ", ".join(list(plan.attributes)[:12])
            return {}, {"type": plan.name, "version": plan.version, "names": names}
        if kind is Kind.DASHBOARD:
            return {}, {"names": f"{len(plan.figures)} + {len(plan.tiles)}"}
        if kind is Kind.STORY:
            return {}, {"names": str(len(plan.steps))}
        return {}, {"names": plan.law if kind is Kind.PLAN else f"{plan.entity_type}.{plan.attribute}"}

    def _required(self, kind: Kind, plan: Any) -> Iterator[Required]:
        if kind is Kind.DASHBOARD:
            for model in plan.models:
                yield Required(what="model", name=model)
        elif kind is Kind.MAPPING:
            for join in plan.joins:
                yield Required(what="master-data", name=join.kind)

    def _read(self, kind: Kind, document: Json) -> Iterator[Json]:
        """Entities that a view or a rule reads; a mapping makes them instead."""
        if kind in (Kind.DASHBOARD, Kind.RULEBOOK, Kind.PLAN):
            for name, attributes in _bound(document).items():
                expanded = [self._names.expand(one) for one in sorted(attributes)]
                yield {"name": name, "type": self._names.expand(name), "attributes": expanded, "minimum": 1}

    def _given(self, kind: Kind, plan: Any) -> tuple[Texts, ...]:
        if kind is Kind.MAPPING:
            return ({"": self._names.expand(plan.entity_type)},)
        if kind is Kind.DATA_MODEL:
            return ({"": plan.iri},)
        return ()

    # --- what runs

    def _service(self, plan: ServicePlan) -> Draft:
        models = [self._city.models[step.model] for step in plan.steps]
        document = _portable(Kind.SERVICE, document_of(plan))
        content = {f"services/{plan.id}.json": encode(document)}
        content |= {
            f"models/{one.id}.json": encode(_portable(Kind.MODEL, document_of(one))) for one in models
        }
        telling = {tag: _joined(plan.question.get(tag), plan.audience.get(tag)) for tag in plan.question}
        return self._running(
            Kind.SERVICE, plan.id, dict(plan.title), telling, models, content, plan.indicators
        )

    def _model(self, plan: ModelPlan) -> Draft:
        content = {f"models/{plan.id}.json": encode(_portable(Kind.MODEL, document_of(plan)))}
        simulator = self._simulator(plan.simulator)
        telling = {
            tag: _joined(text, simulator.validity.get(tag)) for tag, text in simulator.description.items()
        }
        return self._running(Kind.MODEL, plan.id, self._title(plan, plan.id), telling, [plan], content, ())

    def _running(
        self,
        kind: Kind,
        name: str,
        title: Texts,
        telling: Texts,
        models: list[ModelPlan],
        content: Mapping[str, bytes],
        chosen: tuple[str, ...],
    ) -> Draft:
        simulators = {one.id: self._simulator(one.simulator, one) for one in models}
        needs = [
            need for model, found in simulators.items() for need in parts.needs_of(model, found, self._names)
        ]
        specs = [spec for found in simulators.values() for spec in found.indicators]
        gives = [spec.title for spec in specs if not chosen or spec.name in chosen]
        return Draft(
            kind=kind,
            name=name,
            title=title,
            description=telling,
            licence=self._city.facts.licence,
            keywords=tuple(dict.fromkeys(one.simulator for one in models)),
            requires=tuple({one.simulator: parts.plugin(one.simulator) for one in models}.values()),
            needs=tuple(needs),
            gives=tuple(dict(one) for one in gives),
            terms={},
            content=content,
            components=parts.components(one.simulator for one in models),
        )

    def _simulator(self, name: str, plan: ModelPlan | None = None) -> type[Simulator]:
        found = loader.simulators()[name]
        return found if plan is None else named(found, plan.types, f"model {plan.id}")


def _portable(kind: Kind, document: Json) -> Json:
    """The declaration without what is about its city alone; code lists stand in the mapping itself."""
    left = {key: value for key, value in document.items() if key not in _OF_THE_CITY.get(FOLDERS[kind], ())}
    if kind is Kind.MAPPING:
        left["attributes"] = [
            {key: value for key, value in rule.items() if key != "code_list"}
            for rule in document.get("attributes", ())
        ]
    return left


def _bound(document: Any) -> dict[str, set[str]]:
    """Entity type → attributes, wherever a declaration binds something to entities."""
    found: dict[str, set[str]] = {}
    for one in _tables(document):
        if isinstance(kind := one.get("entity_type"), str):
            named_here = one.get("attribute")
            found.setdefault(kind, set()).update([named_here] if named_here else [])
    return found


def _tables(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _tables(one)
    elif isinstance(value, list):
        for one in value:
            yield from _tables(one)


def _joined(*texts: str | None) -> str:
    return " ".join(one.strip() for one in texts if one)
