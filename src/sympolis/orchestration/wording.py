"""What a run says while it works, in the three languages of the first cities."""

from __future__ import annotations

from collections.abc import Mapping

QUEUED: Mapping[str, str] = {"it": "In coda", "de": "Wartet", "en": "Waiting"}
CALIBRATING: Mapping[str, str] = {
    "it": "Calibrazione del modello sulle osservazioni",
    "de": "Das Modell wird an die Beobachtungen angepasst",
    "en": "Fitting the model to the observations",
}
COMPARING: Mapping[str, str] = {
    "it": "Simulazione della situazione attuale, per il confronto",
    "de": "Der heutige Zustand wird zum Vergleich simuliert",
    "en": "Simulating the city as it is, to compare with",
}
FINISHED: Mapping[str, str] = {"it": "Concluso", "de": "Fertig", "en": "Done"}


def simulating(done: int, total: int) -> Mapping[str, str]:
    """Which member of how many."""
    return {
        "it": f"Simulazione: {done} giorni plausibili su {total}",
        "de": f"Simulation: {done} von {total} plausiblen Tagen",
        "en": f"Simulating: {done} of {total} plausible days",
    }
