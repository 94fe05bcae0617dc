"""Checks of exchange and of people: partners, agreements, languages, feedback, guides."""

from __future__ import annotations

from sympolis.assessment.evidence.checking import Seen, all_of, at_least, at_work, check, product
from sympolis.assessment.evidence.facts import Facts


@check("identity-verifiable")
def _identity_verifiable(facts: Facts) -> Seen:
    return at_work(facts, "federation")


@check("contracts-negotiable")
def _contracts_negotiable(facts: Facts) -> Seen:
    return at_work(facts, "contracts")


@check("partners-known")
def _partners_known(facts: Facts) -> Seen:
    return at_least(facts.partners)


@check("agreements-made")
def _agreements_made(facts: Facts) -> Seen:
    return at_least(facts.agreements)


@check("authority-onboarded")
def _authority_onboarded(facts: Facts) -> Seen:
    return Seen(facts.onboarded, {"count": int(facts.onboarded), "of": 1})


@check("assets-published")
def _assets_published(facts: Facts) -> Seen:
    return at_least(facts.assets)


@check("baseline-kept")
def _baseline_kept(facts: Facts) -> Seen:
    return at_least(facts.moments.count("baseline"))


@check("halfyears-kept")
def _halfyears_kept(facts: Facts) -> Seen:
    return at_least(sum(one != "baseline" for one in facts.moments))


@check("offers-found")
def _offers_found(facts: Facts) -> Seen:
    return Seen("discovery" in facts.parts and facts.partners > 0, {"count": facts.partners, "of": 1})


@check("feedback-taken")
def _feedback_taken(facts: Facts) -> Seen:
    return at_work(facts, "participation")


@check("people-notified")
def _people_notified(facts: Facts) -> Seen:
    return at_work(facts, "notices")


@check("interface-in-languages")
def _interface_in_languages(facts: Facts) -> Seen:
    spoken = product()["interface"]["languages"]
    return all_of(language in spoken for language in facts.languages)


@check("interface-accessible")
def _interface_accessible(facts: Facts) -> Seen:  # noqa: ARG001 - known of the release
    found = product()["accessibility"]
    return Seen("wcag2aa" in found["rules"], {"value": found["standard"]})


@check("guides-published")
def _guides_published(facts: Facts) -> Seen:  # noqa: ARG001 - known of the release
    return at_least(len(product()["documentation"]["guides"]))


@check("source-open")
def _source_open(facts: Facts) -> Seen:  # noqa: ARG001 - known of the release
    return Seen(True, {"value": product()["licence"]["id"]})


@check("decisions-recorded")
def _decisions_recorded(facts: Facts) -> Seen:
    return at_work(facts, "decisions")


@check("plans-linked")
def _plans_linked(facts: Facts) -> Seen:
    return at_work(facts, "plans")
