"""What the model declares about itself: needs, parameters with unit and source, limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympolis.plugins.simulator import Need, Parameter
from sympolis.plugins.simulators.street_liveability.declaring import Texts, number, texts

NEEDS = (
    Need(
        "sections",
        "StreetSection",
        ("name", "location", "roadClass", "maximumAllowedSpeed", "shadeShare"),
        units={"maximumAllowedSpeed": "KMH"},
    ),
    Need(
        "places",
        "PointOfInterest",
        ("location", "category"),
        minimum=0,
        without=texts(
            "what can be reached on foot is not judged",
            "ciò che si raggiunge a piedi non è valutato",
            "was zu Fuß erreichbar ist, wird nicht beurteilt",
        ),
    ),
    Need(
        "car_parks",
        "OffStreetParking",
        ("location",),
        minimum=0,
        without=texts(
            "where parked cars could go instead is not known",
            "non si sa dove spostare le auto in sosta",
            "wohin parkende Autos ausweichen könnten, ist nicht bekannt",
        ),
    ),
    Need(
        "green",
        "GreenSpace",
        ("location", "area"),
        minimum=0,
        units={"area": "HAR"},
        without=texts(
            "nearness to green is not judged",
            "la vicinanza al verde non è valutata",
            "die Nähe zu Grün wird nicht beurteilt",
        ),
    ),
    Need(
        "counts",
        "ItemFlowObserved",
        ("location", "intensity"),
        minimum=0,
        history=True,
        without=texts(
            "traffic of every street is a typical value of its class",
            "il traffico di ogni via è un valore tipico della sua classe",
            "der Verkehr jeder Straße ist ein typischer Wert ihrer Klasse",
        ),
    ),
    Need(
        "air",
        "AirQualityObserved",
        ("location", "no2"),
        minimum=0,
        history=True,
        units={"no2": "GQ"},
        without=texts(
            "the level of air pollution is assumed, not measured",
            "il livello dell’inquinamento è ipotizzato, non misurato",
            "das Niveau der Luftbelastung ist angenommen, nicht gemessen",
        ),
    ),
    Need(
        "areas",
        "StatisticalArea",
        ("location", "population"),
        minimum=0,
        without=texts(
            "how many residents are concerned is not known",
            "non si sa quanti residenti siano interessati",
            "wie viele Menschen betroffen sind, ist nicht bekannt",
        ),
    ),
)

THEMES: Mapping[str, Texts] = {
    "traffic": texts("Traffic", "Traffico", "Verkehr"),
    "noise": texts("Noise", "Rumore", "Lärm"),
    "shade": texts("Shade", "Ombra", "Schatten"),
    "air": texts("Air (proxy)", "Aria (indicatore indiretto)", "Luft (Ersatzmaß)"),
    "green": texts("Green nearby", "Verde vicino", "Grün in der Nähe"),
    "access": texts("Services on foot", "Servizi a piedi", "Dienste zu Fuß"),
    "crowding": texts(
        "Room to walk (proxy)", "Spazio per camminare (indicatore indiretto)", "Platz zum Gehen (Ersatzmaß)"
    ),
}
JUDGEMENT = (
    "Value judgement, stated: all themes count alike, and what follows is told with the range in which one "
)
JUDGEMENT += "theme counts a half to one and a half times another; set them as you see it"


def _weight(theme: str, title: Texts) -> Parameter:
    default, plausible = (0.5, (0.25, 1.0)) if theme == "crowding" else (1.0, (0.5, 1.5))
    said = texts(f"Weight of: {title['en']}", f"Peso di: {title['it']}", f"Gewicht von: {title['de']}")
    return number(f"weight_{theme}", said, "1", default, (0.0, 3.0), plausible, JUDGEMENT)


PARAMETERS = (
    number(
        "walking_speed",
        texts("Walking speed", "Velocità a piedi", "Gehgeschwindigkeit"),
        "m/s",
        1.3,
        (0.5, 2.0),
        (1.2, 1.4),
        "Comfortable gait of adults, 1.27 to 1.46 m/s (Bohannon 1997, DOI 10.1093/ageing/26.1.15); older people are "
        "slower",
    ),
    number(
        "traffic_level",
        texts(
            "Traffic of uncounted streets against the table",
            "Traffico delle strade non contate",
            "Verkehr ungezählter Straßen gegenüber der Tabelle",
        ),
        "1",
        1.0,
        (0.1, 3.0),
        (0.6, 1.5),
        "Assumption: streets of a class differ by more than this; the model card says how many are counted",
    ),
    number(
        "heavy_share",
        texts("Buses and lorries", "Bus e camion", "Busse und Lkw"),
        "1",
        0.05,
        (0.0, 0.5),
        (0.02, 0.1),
        "Assumption: inner streets; counters do not tell classes apart",
    ),
    number(
        "day_share",
        texts("Share of the day's traffic in an hour by day", "Quota oraria diurna", "Stundenanteil am Tag"),
        "1",
        0.056,
        (0.03, 0.1),
        (0.051, 0.06),
        "Assumption: 71 to 84 % of the traffic between 6 and 20, fourteen hours",
    ),
    number(
        "driven_share",
        texts(
            "Speed driven against the limit, from 50 km/h", "Velocità effettiva", "Gefahren gegenüber Limit"
        ),
        "1",
        0.75,
        (0.3, 1.1),
        (0.55, 0.95),
        "Assumption of the noise model (model card of road_noise); limits of 30 and less are driven",
    ),
    number(
        "canyon",
        texts("Reflections between façades", "Riflessioni tra le facciate", "Reflexionen der Fassaden"),
        "dB",
        2.0,
        (0.0, 6.0),
        (0.5, 3.5),
        "Assumption: the opposite façade as a mirror adds up to 3 dB to a line source in a narrow street",
    ),
    number(
        "kerb_no2",
        texts(
            "Traffic's share of NO2 against the station's",
            "Contributo del traffico rispetto alla stazione",
            "Verkehrsanteil am NO2 gegenüber der Station",
        ),
        "1",
        1.0,
        (0.0, 3.0),
        (0.6, 1.4),
        "Assumption: one station levels all streets; width and wind make them differ by as much",
    ),
    number(
        "shade_goal",
        texts("Shade that is enough", "Ombra sufficiente", "Genug Schatten"),
        "1",
        0.5,
        (0.1, 1.0),
        (0.4, 0.7),
        "Declared: half of the way in the shade at noon in July; no standard was found",
    ),
    *(_weight(theme, title) for theme, title in THEMES.items()),
)

PERIOD = texts("an ordinary working day, shade of July", "un giorno feriale, ombra di luglio",
               "ein Werktag, Schatten im Juli")  # fmt: skip
VALIDITY = texts(
    "Compares streets and measures of a walkable quarter. Traffic is counted on few streets and assumed by class "
    "elsewhere; noise has no screening; air and room to walk are proxies; access counts only kinds of places that the "
    "twin knows and only ways on the mapped network, so that streets at its edge seem worse. Compared with no "
    "measurement or survey in this city: read differences and their intervals. Where displaced traffic goes is "
    "assumed, not simulated. Not for approvals, single houses or numbers of passers-by.",
    "Confronta strade e misure di un quartiere percorribile a piedi. Il traffico è contato su poche strade, ipotizzato "
    "per classe altrove; il rumore non ha schermature; aria e spazio per camminare sono indicatori indiretti; "
    "l'accesso conta solo i tipi di luoghi noti al gemello e solo i percorsi della rete mappata: le strade al margine "
    "sembrano peggiori. Nessun confronto con misure o sondaggi in questa città: leggere differenze e intervalli. Dove "
    "va il traffico deviato è un'ipotesi, non una simulazione. Non per permessi, singole case o numeri di passanti.",
    "Vergleicht Straßen und Maßnahmen eines Viertels zu Fuß. Verkehr ist auf wenigen Straßen gezählt und sonst nach "
    "Klasse angenommen; Lärm kennt keine Abschirmung; Luft und Platz sind Ersatzmaße; Erreichbarkeit zählt nur "
    "Arten von Orten, die der Zwilling kennt, und nur Wege im erfassten Netz: Straßen am Rand scheinen schlechter. "
    "Mit keiner Messung oder Umfrage dieser Stadt verglichen: Unterschiede und Spannen lesen. Wohin der Verkehr "
    "ausweicht, ist angenommen, nicht simuliert. Nicht für Genehmigungen, einzelne Häuser oder Zahlen von Passanten.",
)


def complete(parameters: Mapping[str, Any]) -> dict[str, float]:
    """Every parameter's value: given, else its default."""
    return {p.name: float(parameters.get(p.name, p.default)) for p in PARAMETERS}
