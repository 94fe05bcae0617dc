"""Services: listed with what one may move, checked against the twin's data, and started with one click.

A start is nothing but ordinary scenarios and runs: the lever values become a scenario that anybody can open, question
and fork, one for each model that they touch; runs, baselines, intervals, cache and lineage are those of the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sympolis.analysis import scenario as checking
from sympolis.analysis.assuming import measures_of
from sympolis.context import gated
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.domain.scenario import Override, Scenario
from sympolis.orchestration import documents, linking
from sympolis.orchestration.adapting import ADAPTED, CANNOT, RUNS, Remark, document, remark
from sympolis.orchestration.compatibility import Compatibility, Supply
from sympolis.orchestration.model_desk import ModelDesk
from sympolis.orchestration.request import Request, Upstream
from sympolis.orchestration.run import Run
from sympolis.orchestration.run_desk import RunDesk
from sympolis.orchestration.scenario_desk import ScenarioDesk
from sympolis.orchestration.service import Lever, ServiceSetup, Step, Texts
from sympolis.plugins.simulator import Measure, Parameter, Simulator

Json = dict[str, Any]

Noted = tuple[str, Remark]
"""A remark and the model that it is about."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a service runs on this twin's data: a verdict, the reasons against, and how the models make do."""

    verdict: str
    problems: tuple[Noted, ...]
    adaptations: tuple[Noted, ...]
    supplies: Mapping[str, tuple[Supply, ...]]
    without: tuple[Noted, ...] = ()
    """What the models would be glad of; it does not change the verdict."""


class ServiceDesk:
    """Lists, checks and starts the services of a city."""

    def __init__(
        self,
        services: Sequence[ServiceSetup],
        *,
        models: ModelDesk,
        scenarios: ScenarioDesk,
        runs: RunDesk,
        compatibility: Compatibility,
    ) -> None:
        self._services = {service.id: service for service in services}
        self._deployed: set[str] = set()
        self._models = models
        self._scenarios = scenarios
        self._runs = runs
        self._compatibility = compatibility

    async def list_services(self) -> list[Json]:
        """Every service, in the city's order."""
        return [await self.describe(service_id) for service_id in self._services]

    def setup(self, service_id: str) -> ServiceSetup:
        """A service as the city declares it. Raises ``NotFound``."""
        try:
            return self._services[service_id]
        except KeyError:
            hint = did_you_mean(service_id, self._services)
            raise errors.NotFound(
                f"there is no service {service_id!r} here", where="service", hint=hint
            ) from None

    def put(self, service: ServiceSetup) -> None:
        """Take a service that was deployed over the interface, or the next version of it."""
        self._services[service.id] = service
        self._deployed.add(service.id)

    def drop(self, service_id: str) -> None:
        """Forget a deployed service; its runs stay."""
        self._services.pop(service_id, None)
        self._deployed.discard(service_id)

    async def describe(self, service_id: str) -> Json:
        """A service as ``twin-api.md`` has it. Raises ``NotFound``."""
        service = self.setup(service_id)
        found, latest = await self.check(service_id), self.runs(service_id)
        scenarios = await self._chosen(service)
        known = {spec.name: spec for spec in self._models.simulator(service.model).indicators}
        return {
            "id": service.id,
            "version": service.version,
            "mutable": service.id in self._deployed,
            "title": dict(service.title),
            "question": dict(service.question),
            "audience": dict(service.audience),
            "model": service.model,
            "chain": [_step(step) for step in service.steps],
            "scenarios": list(service.scenarios),
            "levers": [self._lever(service, lever, scenarios) for lever in service.levers],
            "indicators": [
                documents.indicator_spec(known[name]) for name in service.indicators or known if name in known
            ],
            "objective": asdict(service.objective) if service.objective else None,
            "departments": [asdict(one) for one in service.departments],
            "runs_here": found.verdict != CANNOT,
            "check": finding(found),
            "latest_run": next((run.id for run in latest if run.status == "done"), None),
        }

    def needing(self) -> list[tuple[ServiceSetup, Mapping[str, type[Simulator]]]]:
        """Every service and the models that it asks, by id: what other twins compare with their data."""
        return [
            (one, {step.model: self._models.simulator(step.model) for step in one.steps})
            for one in self._services.values()
        ]

    async def check(self, service_id: str) -> Finding:
        """What the service's models need, against what the twin has."""
        service = self.setup(service_id)
        supplies = {
            step.model: await self._compatibility.of(self._models.simulator(step.model))
            for step in service.steps
        }
        return judged(service, supplies, self._models.simulator)

    def runs(self, service_id: str) -> list[Run]:
        """Runs that this service asked for, and those of its own scenarios; newest first."""
        service = self.setup(service_id)
        return [
            run
            for run in self._runs.board.list_runs()
            if run.model == service.model and (run.service == service.id or run.scenario in service.scenarios)
        ]

    async def start(
        self,
        service_id: str,
        levers: Mapping[str, Any],
        request: Request,
        measures: Sequence[Mapping[str, Any]] = (),
    ) -> Run:
        """Run the service with these lever values (its own for the others); the run that gives its answer.

        ``measures`` are further overrides, each of the model of the chain that has its measure. Raises
        ``BadRequestData`` for a value out of bounds, ``Conflict`` where the chain does not fit together.
        """
        service = self.setup(service_id)
        gated.use_service(service.id)
        request.checked()
        self._refuse_levers(service, levers)
        if misfits := linking.complaints(service.steps, self._models.simulator):
            raise errors.Conflict(misfits[0], where=f"services/{service.id}.toml", hint="mend the chain")
        added = self._added(service, measures)
        with self._runs.quotas.one():
            started = await self._started(service, levers, request, added)
        return started[service.model]

    async def _started(
        self,
        service: ServiceSetup,
        levers: Mapping[str, Any],
        request: Request,
        added: Mapping[str, Sequence[Override]],
    ) -> dict[str, Run]:
        """The run of every model of the chain, each fed by those before it."""
        chosen = await self._chosen(service)
        started: dict[str, Run] = {}
        for step in service.steps:
            scenario = await self._moved(service, chosen[step.model], levers)
            scenario = replace(scenario, overrides=(*scenario.overrides, *added.get(step.model, ())))
            window = chosen[service.steps[0].model].window
            scenario = await self._kept(service, replace(scenario, window=window))
            lines = linking.conversions(step, self._models.simulator)
            asked = replace(request, service=service.id, upstream=_upstream(step, started, lines))
            started[step.model] = await self._runs.start(scenario.id, asked)
        return started

    # --- scenarios ----------------------------------------------------------------------------------------------------

    async def _chosen(self, service: ServiceSetup) -> dict[str, Scenario]:
        """The scenario from which each model starts: the service's own, else the world as it is."""
        declared = [await self._scenarios.get(scenario_id) for scenario_id in service.scenarios]
        found: dict[str, Scenario] = {}
        for scenario in declared:
            found.setdefault(scenario.simulator, scenario)
        for step in service.steps:
            if step.model not in found:
                found[step.model] = await self._scenarios.get(self._models.baseline_of(step.model))
        return found

    async def _moved(self, service: ServiceSetup, scenario: Scenario, levers: Mapping[str, Any]) -> Scenario:
        """The scenario with the levers of its model at the values given."""
        for lever in service.levers:
            if lever.name in levers and self._model_of(service, lever) == scenario.simulator:
                scenario = replace(scenario, overrides=_set(scenario.overrides, lever, levers[lever.name]))
        return scenario

    def _added(
        self, service: ServiceSetup, measures: Sequence[Mapping[str, Any]]
    ) -> dict[str, list[Override]]:
        """Overrides by model. Raises ``BadRequestData`` for a measure that no model of the service has or allows."""
        found: dict[str, list[Override]] = {}
        for number, one in enumerate(measures):
            name = str(one.get("measure", ""))
            owner = self._owner_of(service, name)
            if owner is None:
                raise errors.BadRequestData(
                    "no model of this service has that measure", where=f"measures[{number}].measure"
                )
            allowed, reasons = checking.read_overrides([one], self._models.simulator(owner).measures)
            if reasons:
                raise errors.BadRequestData(
                    reasons[0].reason, where=f"measures[{number}]", hint=reasons[0].hint
                )
            found.setdefault(owner, []).extend(allowed)
        return found

    def _owner_of(self, service: ServiceSetup, measure: str) -> str | None:
        for step in service.steps:
            if any(one.name == measure for one in self._models.simulator(step.model).measures):
                return step.model
        return None

    async def _kept(self, service: ServiceSetup, scenario: Scenario) -> Scenario:
        """The scenario as everybody finds it: itself where nothing was moved, else one named by what it asks."""
        present = await self._scenarios.get(scenario.id)
        if (present.overrides, present.window) == (scenario.overrides, scenario.window):
            return present
        measures = measures_of(self._models.simulator(scenario.simulator))
        title = _title(service, scenario, measures)
        titled = replace(scenario, title=title, question=service.question, author="")
        return await self._scenarios.named_by_content(titled, service.id)

    # --- levers -------------------------------------------------------------------------------------------------------

    def _refuse_levers(self, service: ServiceSetup, given: Mapping[str, Any]) -> None:
        known = {lever.name: lever for lever in service.levers}
        for name, value in given.items():
            if name not in known:
                hint = did_you_mean(name, known)
                raise errors.BadRequestData(
                    "is not a lever of this service", where=f"levers.{name}", hint=hint
                )
            reason = checking.value_objection(self._bounded(service, known[name]), value)
            if reason:
                raise errors.BadRequestData(reason, where=f"levers.{name}")

    def _model_of(self, service: ServiceSetup, lever: Lever) -> str:
        if (owner := self._owner_of(service, lever.measure)) is not None:
            return owner
        where = f"services/{service.id}.toml: levers.{lever.name}"
        raise errors.SettingsInvalid(f"no model of the service has a measure {lever.measure!r}", where=where)

    def _bounded(self, service: ServiceSetup, lever: Lever) -> Parameter:
        """The measure's parameter within the lever's bounds."""
        simulator = self._models.simulator(self._model_of(service, lever))
        measure = next(one for one in simulator.measures if one.name == lever.measure)
        for parameter in measure.parameters:
            if parameter.name == lever.parameter:
                low = max((end for end in (parameter.low, lever.low) if end is not None), default=None)
                high = min((end for end in (parameter.high, lever.high) if end is not None), default=None)
                return replace(parameter, name=lever.name, low=low, high=high)
        where = f"services/{service.id}.toml: levers.{lever.name}"
        hint = did_you_mean(lever.parameter, [one.name for one in measure.parameters])
        raise errors.SettingsInvalid(
            f"{lever.measure} has no parameter {lever.parameter!r}", where=where, hint=hint
        )

    def _lever(self, service: ServiceSetup, lever: Lever, scenarios: Mapping[str, Scenario]) -> Json:
        bounded = self._bounded(service, lever)
        model = self._model_of(service, lever)
        return {
            **documents.parameter(bounded),
            "title": dict(lever.title or bounded.title),
            "default": _present(scenarios[model].overrides, lever, bounded.default),
            "model": model,
            "measure": lever.measure,
            "parameter": lever.parameter,
        }


def judged(service: ServiceSetup, supplies: Mapping[str, tuple[Supply, ...]], find: linking.Find) -> Finding:
    """The verdict on a service, from what there is for each of its models; ``find`` gives a model's simulator."""
    problems: list[Noted] = [
        (service.model, remark("chain", "", message=text)) for text in linking.complaints(service.steps, find)
    ]
    adaptations: list[Noted] = [
        (step.model, one) for step in service.steps for one in linking.adaptations(step, find)
    ]
    for model, found in supplies.items():
        for one in found:
            problems += [(model, note) for note in (*one.problems, *_refused(one, service.proxies))]
            adaptations += [(model, note) for note in one.adaptations]
    verdict = CANNOT if problems else ADAPTED if adaptations else RUNS
    without = [(model, note) for model, found in supplies.items() for one in found for note in one.without]
    return Finding(verdict, tuple(problems), tuple(adaptations), supplies, tuple(without))


def finding(found: Finding) -> Json:
    """A check as ``twin-api.md`` has it."""
    return {
        "verdict": found.verdict,
        "problems": [document(one, model) for model, one in found.problems],
        "adaptations": [document(one, model) for model, one in found.adaptations],
        "without": [document(one, model) for model, one in found.without],
        "needs": {
            model: [documents.supply(one) for one in supplies] for model, supplies in found.supplies.items()
        },
    }


def _refused(one: Supply, accepted: tuple[str, ...] | None) -> list[Remark]:
    """Proxies that the city does not accept for this service."""
    if accepted is None:
        return []
    return [
        remark("refused", one.need.name, used=used, name=name)
        for name, used, _ in one.proxies
        if f"{one.need.name}.{name}" not in accepted
    ]


def _set(overrides: Sequence[Override], lever: Lever, value: Any) -> tuple[Override, ...]:
    moved = [
        replace(one, parameters={**one.parameters, lever.parameter: value})
        if one.measure == lever.measure
        else one
        for one in overrides
    ]
    if not any(one.measure == lever.measure for one in overrides):
        moved.append(Override(lever.measure, dict(lever.where), {lever.parameter: value}))
    return tuple(moved)


def _present(overrides: Sequence[Override], lever: Lever, default: Any) -> Any:
    """The lever's value in the scenario; None (nothing done) where the scenario has no such measure."""
    for one in overrides:
        if one.measure == lever.measure:
            return one.parameters.get(lever.parameter, default)
    return None


def _upstream(
    step: Step, started: Mapping[str, Run], lines: Mapping[str, Mapping[str, tuple[float, float]]]
) -> dict[str, Upstream]:
    return {
        feed.need: Upstream(started[feed.model].id, feed.fields, lines.get(feed.need, {}))
        for feed in step.feeds
    }


def _step(step: Step) -> Json:
    feeds = [{"need": one.need, "from": one.model, "fields": dict(one.fields)} for one in step.feeds]
    return {"model": step.model, "feeds": feeds}


def _title(service: ServiceSetup, scenario: Scenario, measures: Iterable[Measure]) -> dict[str, str]:
    """The service's title and what was moved, in the words of its levers, else of the model's measures."""
    words = {(one.name, part.name): part.title for one in measures for part in one.parameters}
    words |= {(one.measure, one.parameter): one.title for one in service.levers if one.title}
    moved = [
        (words.get((one.measure, name), {}), name, value)
        for one in scenario.overrides
        for name, value in sorted(one.parameters.items())
    ]
    return {
        language: f"{title} ({_moved(moved, language)})" if moved else title
        for language, title in service.title.items()
    }


def _moved(moved: Iterable[tuple[Texts, str, Any]], language: str) -> str:
    said = (f"{titles.get(language) or titles.get('en') or name}: {value}" for titles, name, value in moved)
    return "; ".join(dict.fromkeys(said))
