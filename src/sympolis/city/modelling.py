"""Hands a city's models, scenarios, services and figures to the desk, in the desk's own words."""

from __future__ import annotations

from sympolis.city.schema import City, FixedParameter, HourWindow, ModelPlan, ScenarioPlan
from sympolis.city.services import ServicePlan
from sympolis.domain.scenario import Override, Scenario, ScenarioStatus, Window
from sympolis.orchestration.atlas import AreaSetup
from sympolis.orchestration.model_desk import ModelSetup
from sympolis.orchestration.naming import Stated
from sympolis.orchestration.observed import ObservedIndicator
from sympolis.orchestration.service import Department, Feed, Lever, Objective, ServiceSetup, Step
from sympolis.orchestration.worklist import Gap


def models(city: City) -> list[ModelSetup]:
    """The city's models as the desk takes them."""
    plans = sorted(city.models.values(), key=lambda plan: (plan.order, plan.id))
    return [_model(plan) for plan in plans]


def _model(plan: ModelPlan) -> ModelSetup:
    calibration, baseline = plan.calibration, plan.baseline
    return ModelSetup(
        id=plan.id,
        simulator=plan.simulator,
        title=plan.title,
        parameters={one.name: one.value for one in plan.parameters if one.low is None or one.high is None},
        stated={one.name: _stated(one) for one in plan.parameters},
        types=plan.types,
        calibrated=calibration is not None,
        calibration_window=_window(calibration.window if calibration else HourWindow()),
        calibration_seed=calibration.seed if calibration else 1,
        baseline_window=_window(baseline.window),
        baseline_mode=baseline.mode,
        baseline_members=baseline.members,
        baseline_seed=baseline.seed,
    )


def _stated(one: FixedParameter) -> Stated:
    span = None if one.low is None or one.high is None else (one.low, one.high)
    return Stated(one.value, one.source, span, one.source_texts)


def scenarios(city: City) -> list[Scenario]:
    """The scenarios that come with the city, adopted as they stand."""
    return [_scenario(plan, city) for plan in city.scenarios]


def _scenario(plan: ScenarioPlan, city: City) -> Scenario:
    return Scenario(
        plan.id,
        plan.title,
        plan.question,
        plan.model,
        tuple(Override(one.measure, one.where, one.parameters) for one in plan.overrides),
        _window(plan.window),
        plan.base,
        author=city.facts.operator,
        status=ScenarioStatus.REVIEWED,
    )


def services(city: City) -> list[ServiceSetup]:
    """The city's services as the desk takes them."""
    return [_service(plan) for plan in city.services]


def _service(plan: ServicePlan) -> ServiceSetup:
    objective = plan.objective
    return ServiceSetup(
        id=plan.id,
        title=plan.title,
        question=plan.question,
        audience=plan.audience,
        steps=tuple(
            Step(step.model, tuple(Feed(one.need, one.model, one.fields) for one in step.feeds))
            for step in plan.steps
        ),
        scenarios=plan.scenarios,
        levers=tuple(
            Lever(
                name=one.name,
                measure=one.measure,
                parameter=one.parameter,
                title=one.title,
                low=one.low,
                high=one.high,
                where=one.where,
            )
            for one in plan.levers
        ),
        indicators=plan.indicators,
        objective=Objective(objective.indicator, objective.sense, objective.budget) if objective else None,
        proxies=plan.proxies,
        departments=tuple(
            Department(id=one.id, title=one.title, aim=one.aim, indicators=one.indicators, levers=one.levers)
            for one in plan.departments
        ),
        gaps=tuple(Gap(one.need, one.attribute, one.who, one.how, one.days, one.worth) for one in plan.gaps),
    )


def areas(city: City) -> AreaSetup:
    """Where the split of results by area comes from."""
    split = city.areas
    return AreaSetup(split.entity_type, split.name, split.population, split.fragility)


def observed(city: City) -> list[ObservedIndicator]:
    """Figures of observations only."""
    return [
        ObservedIndicator(
            figure.name,
            figure.title,
            figure.unit,
            figure.entity_type,
            figure.attribute,
            str(figure.direction),
            figure.decimals,
            figure.source,
            figure.meaning,
        )
        for figure in city.figures
    ]


def _window(window: HourWindow) -> Window:
    return Window(window.start_hour, window.end_hour)
