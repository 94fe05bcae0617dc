"""Checks of protection: who may do what, what is logged, under which terms data are."""

from __future__ import annotations

from sympolis.assessment.evidence.checking import Seen, all_of, at_least, at_work, check
from sympolis.assessment.evidence.facts import Facts


@check("identity-required")
def _identity_required(facts: Facts) -> Seen:
    return Seen(facts.identity == "required", {"value": facts.identity})


@check("rights-on-operations")
def _rights_on_operations(facts: Facts) -> Seen:
    return Seen(
        facts.guarded > 0 and "access" in facts.parts, {"count": facts.guarded, "of": facts.operations}
    )


@check("actions-logged")
def _actions_logged(facts: Facts) -> Seen:
    return at_work(facts, "audit")


@check("transport-encrypted")
def _transport_encrypted(facts: Facts) -> Seen:
    return Seen(facts.encrypted, {})


@check("policies-kept")
def _policies_kept(facts: Facts) -> Seen:
    return at_least(facts.policies)


@check("policies-everywhere")
def _policies_everywhere(facts: Facts) -> Seen:
    return all_of(one.policy for one in facts.datasets)


@check("release-staged")
def _release_staged(facts: Facts) -> Seen:
    return at_work(facts, "stages")


@check("subjects-answered")
def _subjects_answered(facts: Facts) -> Seen:
    return at_work(facts, "subjects")


@check("people-protected")
def _people_protected(facts: Facts) -> Seen:
    return at_least(sum(one.protects_people for one in facts.datasets))


@check("integrity-proved")
def _integrity_proved(facts: Facts) -> Seen:
    return at_work(facts, "decisions")
