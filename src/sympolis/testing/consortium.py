"""A consortium that keeps every rule: tests break one at a time."""

from __future__ import annotations

from datetime import date

from sympolis.assessment.calls.consortium import Consortium, Contact, CostLine, Partner

BEGIN, END = date(2027, 1, 1), date(2027, 12, 31)


def partner(name: str, country: str, kind: str = "local authority", grant_eur: float = 200_000) -> Partner:
    """One party; its id is its name in lower case."""
    return Partner(
        id=name.lower(),
        name=name,
        kind=kind,
        country=country,
        grant_eur=grant_eur,
        twin=name.lower(),
        role=kind,
    )


def cost(of: str, eur: float = 400_000, category: str = "personnel") -> CostLine:
    """One cost of a party."""
    return CostLine(partner=of, category=category, title=f"Work of {of}", eur=eur, begin=BEGIN, end=END)


def sound(strand: str = "WS2", first: str = "Alpha", second: str = "Beta") -> Consortium:
    """Two towns of two countries and a university, with a budget that stays in every bound."""
    partners = (partner(first, "IT"), partner(second, "DE"), partner("Gamma", "AT", "university"))
    return Consortium(
        title="Cooler streets",
        call="ldt4ssc-call2",
        strand=strand,
        summary="Two towns ask what shade would change.",
        start=BEGIN,
        end=END,
        partners=partners,
        costs=tuple(cost(one.id) for one in partners),
        documents={"letter-of-intent": "https://example.org/letter.pdf"},
        focus_areas=("heat",),
        contact=Contact(name="Ada", email="ada@example.org", organisation=first),
    )
