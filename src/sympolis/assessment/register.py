"""The register of models under the AI Act (Regulation (EU) 2024/1689): role, risk class, data, oversight, notice.

Only learned models, forecasts among them, are AI systems by Article 3(1) beyond doubt; simulated ones are listed beside
them, because whether rules and statistics infer is for a person to decide. A class is never guessed: it is what the
owner declared with reasons, and is missing where nobody did.
"""

from __future__ import annotations

from typing import Any, Final

from sympolis.assessment.evidence.facts import Facts, Model

_NOTICE: Final = {
    "it": "Questo risultato viene da un modello appreso da dati ({title} {version}). "
    "Serve a: {use} Non decide da solo: {oversight}",
    "de": "Dieses Ergebnis stammt von einem aus Daten gelernten Modell ({title} {version}). "
    "Zweck: {use} Es entscheidet nicht allein: {oversight}",
    "en": "This result comes from a model learned from data ({title} {version}). "
    "Its purpose: {use} It does not decide alone: {oversight}",
}
_MISSING: Final = {
    "risk": {
        "it": "La classe di rischio non è dichiarata: deve dirla chi risponde del modello.",
        "de": "Die Risikoklasse ist nicht erklärt: Das muss tun, wer das Modell verantwortet.",
        "en": "The risk class is not declared: whoever answers for the model has to say it.",
    },
    "oversight": {
        "it": "Non è detto chi sorveglia il modello e come.",
        "de": "Nicht gesagt ist, wer das Modell wie beaufsichtigt.",
        "en": "It is not said who oversees the model, and how.",
    },
    "licence": {
        "it": "La licenza del modello non è indicata.",
        "de": "Die Lizenz des Modells ist nicht angegeben.",
        "en": "The model's licence is not stated.",
    },
    "data": {
        "it": "Non è detto su quali dati il modello poggia.",
        "de": "Nicht gesagt ist, auf welchen Daten das Modell beruht.",
        "en": "It is not said which data the model rests on.",
    },
}


def register(facts: Facts) -> dict[str, Any]:
    """Every model with what is declared of it and what is missing; energy is that of all finished runs."""
    return {
        "regulation": "http://data.europa.eu/eli/reg/2024/1689/oj",
        "deployer": facts.operator,
        "energy_kwh": facts.energy_kwh,
        "systems": [_system(one, facts) for one in (*facts.models, *facts.forecasters) if one.learned],
        "simulations": [_entry(one) for one in facts.models if not one.learned],
    }


def _system(model: Model, facts: Facts) -> dict[str, Any]:
    return {
        **_entry(model),
        "role": "provider and deployer" if model.owner == facts.operator else "deployer",
        "owner": model.owner,
        "risk": model.risk or None,
        "reasons": model.reasons,
        "oversight": model.oversight,
        "notice": _notice(model),
        "missing": [_MISSING[name] for name in _MISSING if not getattr(model, name)],
    }


def _entry(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "title": model.title,
        "version": model.version,
        "licence": model.licence or None,
        "data": list(model.data),
        "components": list(model.components),
        "intended_use": model.intended_use,
        "limits_stated": model.bounded,
    }


def _notice(model: Model) -> dict[str, str]:
    """What the public reads beside a result, in every language in which it can be said."""
    return {
        language: text.format(
            title=model.title.get(language, model.id),
            version=model.version,
            use=model.intended_use[language],
            oversight=model.oversight[language],
        )
        for language, text in _NOTICE.items()
        if language in model.intended_use and language in model.oversight
    }
