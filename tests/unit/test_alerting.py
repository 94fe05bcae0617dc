"""Warning by threshold: runs of days, gaps, old data, and the message that goes out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest

from sympolis.analysis.alerting import Band, reached
from sympolis.api.twin import cap

BANDS = (Band("Moderate", 35.0), Band("Extreme", 38.0))
FIRST = date(2025, 7, 1)


def days(*values: float | None) -> dict[date, float]:
    return {FIRST + timedelta(days=n): value for n, value in enumerate(values) if value is not None}


@pytest.mark.parametrize(
    ("values", "severity"),
    [
        ((36.0, 36.0, 36.0), "Moderate"),
        ((36.0, 34.9, 36.0), None),
        ((36.0, None, 36.0, 36.0), None),
        ((39.0, 38.0, 38.5), "Extreme"),
        ((36.0, 39.0, 39.0), "Moderate"),
        ((36.0, 36.0, 36.0, 30.0), None),
    ],
)
def test_so_many_days_in_a_row_must_reach_a_band(
    values: tuple[float | None, ...], severity: str | None
) -> None:
    found = reached(days(*values), BANDS, on=FIRST + timedelta(days=len(values)), days=3, max_age_days=2)
    assert (found.severity if found else None) == severity


def test_what_is_too_old_or_still_to_come_warns_of_nothing() -> None:
    values = days(36.0, 36.0, 36.0)
    assert reached(values, BANDS, on=FIRST + timedelta(days=9), days=3, max_age_days=2) is None
    assert reached(values, BANDS, on=FIRST + timedelta(days=1), days=3, max_age_days=2) is None
    found = reached(values, BANDS, on=FIRST + timedelta(days=2), days=2, max_age_days=0)
    assert found is not None and (found.run_days, found.value, found.day) == (3, 36.0, date(2025, 7, 3))


def message() -> cap.Message:
    at = datetime(2025, 7, 3, tzinfo=UTC)
    return cap.Message(
        identifier="urn:sympolis:alert:test:heat-2025-07-03", sender="test.sympolis", sent=at, status="Test",
        category="Met", severity="Severe", urgency="Immediate", certainty="Observed",
        event={"it": "Ondata di calore", "en": "Heat wave"}, headline={"it": "Caldo <36>"}, instruction={},
        onset=at, expires=at + timedelta(days=2), sender_name="Comune", web="https://example.org",
        parameters={"temperatureMax": "36.5 °C"}, area="Bologna", box=(11.22, 44.42, 11.44, 44.56),
        languages=("it", "en"),
    )  # fmt: skip


def test_a_message_has_the_elements_of_cap_in_their_order() -> None:
    root = ElementTree.fromstring(cap.write(message()))
    space = f"{{{cap.NAMESPACE}}}"
    assert root.tag == f"{space}alert"
    assert [child.tag.removeprefix(space) for child in root] == [
        "identifier", "sender", "sent", "status", "msgType", "scope", "info", "info",
    ]  # fmt: skip
    info = root.find(f"{space}info")
    assert info is not None
    assert [child.tag.removeprefix(space) for child in info] == [
        "language", "category", "event", "urgency", "severity", "certainty", "onset", "expires", "senderName",
        "headline", "web", "parameter", "area",
    ]  # fmt: skip
    assert info.findtext(f"{space}headline") == "Caldo <36>"
    assert root.findtext(f"{space}sent") == "2025-07-03T00:00:00+00:00"
    polygon = (info.findtext(f"{space}area/{space}polygon") or "").split()
    assert polygon[0] == polygon[-1] == "44.42,11.22" and len(polygon) == 5
    assert not set(root.findtext(f"{space}identifier") or " ") & set(" ,<&")
