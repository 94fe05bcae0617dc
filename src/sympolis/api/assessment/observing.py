"""The facts of this twin, gathered from its parts at the moment somebody asks what they prove."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

from sympolis import __version__
from sympolis.analysis.forecasting.plan import BLEND, BOOSTING
from sympolis.api.rights import RIGHTS
from sympolis.api.sending import SECURITY_HEADERS
from sympolis.assessment.evidence import facts as evidence
from sympolis.assessment.evidence.checks import product
from sympolis.governance.interfaces import INTERFACES
from sympolis.governance.policy.assets import Asset, AssetKind
from sympolis.governance.roles.table import PUBLIC

if TYPE_CHECKING:
    from sympolis.acquisition.source import Source
    from sympolis.analysis.forecasting.plan import ForecastPlan
    from sympolis.api.parts import ApiParts
    from sympolis.city.schema import City
    from sympolis.orchestration.desk import Desk
    from sympolis.orchestration.learned_desk import Version

_NEVER = "once"


async def observe(parts: ApiParts) -> evidence.Facts:
    """Everything that the checks may ask of this twin."""
    assert parts.city is not None
    city, status = parts.city, await parts.broker.store.status()
    setup = _setup(parts)
    watts = 0.0 if setup is None else setup.core_watts
    computed = {} if parts.desk is None else await _computed(parts.desk, watts)
    return evidence.Facts(
        at=datetime.now(UTC),
        city=city.id,
        title=city.facts.title,
        operator=city.facts.operator,
        country=city.facts.country,
        version=__version__,
        languages=city.facts.languages,
        datasets=tuple(_datasets(parts, city)),
        interfaces=tuple(
            evidence.Interface(id=one.id, title=one.title, path=one.path, standard=one.standard)
            for one in INTERFACES
        ),
        parts=frozenset(_at_work(parts)),
        operations=len(RIGHTS),
        guarded=sum(right != PUBLIC for right in RIGHTS.values()),
        identity=parts.settings.identity,
        encrypted=parts.governed is not None and parts.governed.public_url.startswith("https://"),
        data_models=0 if parts.data_models is None else len(parts.data_models.newest()),
        entities=status.entities,
        observations=status.observations,
        forecasts=len(city.forecasts),
        forecasters=tuple(_forecaster(one, city) for one in city.forecasts),
        policies=_policies(parts, city),
        partners=0 if parts.federation is None else len(parts.federation.directory.everybody()),
        agreements=_agreements(parts),
        onboarded=_is_onboarded(parts),
        assets=0 if parts.assets is None else len(parts.assets.desk.newest()),
        moments=_moments(parts),
        setup=setup,
        **computed,
    )


def _setup(parts: ApiParts) -> evidence.Setup | None:
    """The configuration as the app told it, with what only the API knows."""
    told = None if parts.assessment is None else parts.assessment.setup
    if told is None:
        return None
    return replace(
        told,
        headers=tuple(name.decode() for name, _ in SECURITY_HEADERS),
        timeout_s=parts.settings.timeout_s,
        longest_key_days=_longest_key_days(parts),
    )


def _longest_key_days(parts: ApiParts) -> int:
    if parts.governed is None:
        return 0
    now = datetime.now(UTC)
    keys = parts.governed.accounts.directory.keys()
    return max(((one.expires_at - now).days for one in keys if one.revoked_at is None), default=0)


def _at_work(parts: ApiParts) -> Iterator[str]:
    """Parts that not every twin has, by the names that checks use."""
    there = {
        "quality": parts.coordinator,
        "masterdata": parts.masterdata is not None and parts.city is not None and parts.city.kinds,
        "subscriptions": parts.subscriptions,
        "access": parts.access,
        "audit": parts.access,
        "stages": parts.governed,
        "subjects": parts.subjects,
        "lineage": parts.desk,
        "layers": parts.city,
        "decisions": parts.decisions,
        "participation": parts.participation,
        "notices": parts.notices,
        "federation": parts.federation,
        "discovery": parts.federation is not None and parts.federation.discovery,
        "contracts": parts.contracting,
        "plans": parts.city is not None and parts.city.plans,
    }
    return (name for name, part in there.items() if part)


def _datasets(parts: ApiParts, city: City) -> Iterator[evidence.Dataset]:
    for source in city.sources.values():
        mapping = city.mappings.get(source.mapping)
        yield evidence.Dataset(
            id=source.id,
            title=source.title,
            owner=source.owner,
            licence=source.licence,
            entity_type="" if mapping is None else mapping.entity_type,
            described=any(source.description.values()),
            themes=source.themes,
            data_model="" if source.model is None else f"{source.model.name} {source.model.version}",
            reads_anew=reads_anew(source),
            expires=source.retention is not None,
            protects_people=source.privacy is not None,
            policy=has_policy(parts, source.id),
        )


def reads_anew(source: Source) -> bool:
    """Whether a source is read again on its own, or speaks up itself."""
    return source.schedule != _NEVER or (source.refresh is not None and source.refresh.every is not None)


def has_policy(parts: ApiParts, dataset: str) -> bool:
    """Whether a policy says who may have a dataset."""
    asset = None if parts.governed is None else parts.governed.gate.asset(dataset)
    return asset is not None and _speaks_of(parts, asset)


def _policies(parts: ApiParts, city: City) -> int:
    """How many datasets, services and models a policy speaks of."""
    services = (Asset(one.id, kind=AssetKind.SERVICE) for one in city.services)
    models = (Asset(one, kind=AssetKind.MODEL) for one in city.models)
    others = sum(_speaks_of(parts, one) for one in (*services, *models))
    return others + sum(has_policy(parts, one) for one in city.sources)


def _speaks_of(parts: ApiParts, asset: Asset) -> bool:
    return parts.governed is not None and bool(parts.governed.gate.book.of(asset))


def _agreements(parts: ApiParts) -> int:
    if parts.contracting is None:
        return 0
    from sympolis.dataspace.dsp.processes import Agreement

    return len(parts.contracting.desk.book.page(Agreement, limit=1000))


def _is_onboarded(parts: ApiParts) -> bool:
    authority = None if parts.federation is None else parts.federation.simpl
    return authority is not None and authority.certified


def _moments(parts: ApiParts) -> tuple[str, ...]:
    return () if parts.assessment is None else tuple(str(one.moment) for one in parts.assessment.snapshots())


async def _computed(desk: Desk, watts: float) -> dict[str, Any]:
    runs = [one for one in await desk.runs() if one["status"] == "done"]
    energy = [one["energy"]["wh"] for one in runs if one.get("energy")]
    return {
        "models": (*(_simulated(one) for one in await desk.models()), *_learned(desk)),
        "services": tuple(_service(one) for one in await desk.services()),
        "scenarios": len(await desk.scenarios()),
        "finished_runs": len(runs),
        "energy_kwh": sum(energy) / 1000 if energy else None,
        "training_kwh": _kwh(desk.forecasts.spent_cpu_s(), watts),
        "inference_kwh": _kwh(_asked_cpu_s(desk), watts),
        "reused_runs": sum(bool(one["cached"]) for one in runs),
    }


def _kwh(cpu_s: float, watts: float) -> float | None:
    """Electricity of CPU seconds; None where nothing was computed or no power is declared."""
    return cpu_s * watts / 3.6e6 if cpu_s and watts else None


def _asked_cpu_s(desk: Desk) -> float:
    versions = (one for name in desk.learned.names() for one in desk.learned.versions(name))
    return sum(one.record.usage.cost_cpu_s for one in versions)


def _simulated(one: dict[str, Any]) -> evidence.Model:
    return evidence.Model(
        id=one["id"],
        title=one["title"],
        version=one["version"],
        bounded=any(one["validity"].values()),
        calibrated=one["calibration"] is not None,
        data=tuple(sorted({need["type"] for need in one["needs"]})),
        intended_use=one["description"],
    )


def _learned(desk: Desk) -> Iterator[evidence.Model]:
    for name in desk.learned.names():
        yield _carded(desk.learned.versions(name)[-1])


def _carded(version: Version) -> evidence.Model:
    card = version.card
    return evidence.Model(
        id=card.name,
        title=card.title,
        version=card.version,
        learned=True,
        bounded=any(card.limits.values()),
        calibrated=bool(card.metrics),
        licence=card.licence,
        owner=card.owner,
        data=card.training.datasets,
        components=tuple(f"{one.name} {one.version} ({one.licence})" for one in card.dependencies),
        intended_use=card.intended_use,
        risk=str(card.assessment.risk),
        reasons=card.assessment.reasons,
        oversight=card.assessment.oversight,
    )


def _forecaster(plan: ForecastPlan, city: City) -> evidence.Model:
    """What a forecast is made with: fitted here by this release, to the city's own series, judged on days held out."""
    return evidence.Model(
        id=f"forecast-{plan.id}",
        title=plan.title,
        version=__version__,
        learned=True,
        calibrated=True,
        licence=product()["licence"]["id"],
        owner=city.facts.operator,
        data=(plan.source,),
        components=_fitted_with(plan),
        intended_use=plan.purpose,
        risk=plan.risk,
        reasons=plan.reasons,
        oversight=plan.oversight,
    )


def _fitted_with(plan: ForecastPlan) -> tuple[str, ...]:
    try:
        boosted = {BOOSTING, BLEND} & set(plan.models)
        return (f"lightgbm {metadata.version('lightgbm')} (MIT)",) if boosted else ()
    except metadata.PackageNotFoundError:
        return ()


def _service(one: dict[str, Any]) -> evidence.Service:
    return evidence.Service(
        id=one["id"],
        title=one["title"],
        runs_here=one["runs_here"],
        models=tuple(step["model"] for step in one["chain"]),
    )
