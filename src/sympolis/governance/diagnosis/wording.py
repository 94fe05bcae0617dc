"""What the candidates of a diagnosis and their evidence are called, in the languages of the platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Texts = Mapping[str, str]

CAUSES: Final[Mapping[str, Texts]] = {
    "ordinary": {
        "it": "Il valore non è insolito: non c'è niente da spiegare.",
        "de": "Der Wert ist nicht ungewöhnlich: Es gibt nichts zu erklären.",
        "en": "The value is not unusual: there is nothing to explain.",
    },
    "sensor": {
        "it": "Probabilmente il sensore: solo lui mostra qualcosa di strano.",
        "de": "Wahrscheinlich der Sensor: Nur er zeigt etwas Ungewöhnliches.",
        "en": "Probably the sensor: it alone shows something odd.",
    },
    "event": {
        "it": "Probabilmente un fatto reale in città: anche altri sensori lo mostrano.",
        "de": "Wahrscheinlich ein wirkliches Ereignis in der Stadt: Auch andere Sensoren zeigen es.",
        "en": "Probably something real in the city: other sensors show it, too.",
    },
    "local": {
        "it": "Forse un fatto reale solo in quel punto (un cantiere, una chiusura): gli altri sensori non lo mostrano.",
        "de": "Vielleicht ein wirkliches Ereignis nur an dieser Stelle (Baustelle, Sperrung): Andere zeigen es nicht.",
        "en": "Perhaps something real at this place only (works, a closure): other sensors do not show it.",
    },
    "weather": {
        "it": "Il tempo di quel giorno era fuori dal comune.",
        "de": "Das Wetter war an diesem Tag außergewöhnlich.",
        "en": "That day's weather was out of the ordinary.",
    },
    "calendar": {
        "it": "Era un giorno particolare del calendario.",
        "de": "Es war ein besonderer Tag im Kalender.",
        "en": "It was a special day of the calendar.",
    },
    "unit": {
        "it": "Forse un'unità o una virgola sbagliata: il valore è circa {factor:g} volte quello usuale.",
        "de": "Vielleicht eine falsche Einheit oder ein verrutschtes Komma: Der Wert ist etwa das {factor:g}-Fache.",
        "en": "Perhaps a wrong unit or decimal point: the value is about {factor:g} times the usual one.",
    },
    "delivery": {
        "it": "I dati arrivano da una consegna diversa da quelli di prima.",
        "de": "Die Daten kommen aus einer anderen Lieferung als die davor.",
        "en": "The data come from another delivery than those before.",
    },
    "missing_here": {
        "it": "Manca solo il valore di questo sensore: forse era spento o scollegato.",
        "de": "Nur der Wert dieses Sensors fehlt: Vielleicht war er aus oder nicht verbunden.",
        "en": "Only this sensor's value is missing: perhaps it was off or disconnected.",
    },
    "missing_everywhere": {
        "it": "Mancano i valori di molti sensori: forse la consegna è incompleta.",
        "de": "Bei vielen Sensoren fehlt der Wert: Vielleicht ist die Lieferung unvollständig.",
        "en": "Many sensors have no value then: perhaps the delivery is incomplete.",
    },
}
EVIDENCE: Final[Mapping[str, Texts]] = {
    "usual": {
        "it": "{value:g} invece di {low:.4g}–{high:.4g}, come è usuale a quest'ora.",
        "de": "{value:g} statt {low:.4g}–{high:.4g}, wie um diese Zeit üblich.",
        "en": "{value:g} instead of {low:.4g}–{high:.4g}, as is usual at this hour.",
    },
    "alike": {
        "it": "{count} di {all} altri sensori si scostano dalla stessa parte nello stesso momento.",
        "de": "{count} von {all} anderen Sensoren weichen gleichzeitig zur selben Seite ab.",
        "en": "{count} of {all} other sensors stray to the same side at the same time.",
    },
    "nearest": {
        "it": "Il sensore più vicino ({metres:.0f} m) si scosta di {score:.1f} volte la sua variazione usuale.",
        "de": "Der nächste Sensor ({metres:.0f} m) weicht um das {score:.1f}-Fache seiner üblichen Streuung ab.",
        "en": "The nearest sensor ({metres:.0f} m) strays by {score:.1f} times its usual spread.",
    },
    "around": {
        "it": "Nei tre giorni attorno: {text}",
        "de": "In den drei Tagen darum herum: {text}",
        "en": "Within three days of it: {text}",
    },
    "rare_high": {
        "it": "{attribute} {value:g}: solo {percent:.1f} % di {days} giorni ha un valore così alto.",
        "de": "{attribute} {value:g}: nur {percent:.1f} % von {days} Tagen haben einen so hohen Wert.",
        "en": "{attribute} {value:g}: only {percent:.1f} % of {days} days have so high a value.",
    },
    "rare_low": {
        "it": "{attribute} {value:g}: solo {percent:.1f} % di {days} giorni ha un valore così basso.",
        "de": "{attribute} {value:g}: nur {percent:.1f} % von {days} Tagen haben einen so niedrigen Wert.",
        "en": "{attribute} {value:g}: only {percent:.1f} % of {days} days have so low a value.",
    },
    "holiday": {
        "it": "Il {day} era festivo, ma cadeva in un giorno della settimana di solito feriale.",
        "de": "Der {day} war ein Feiertag an einem sonst gewöhnlichen Wochentag.",
        "en": "{day} was a holiday on what usually is a working day.",
    },
    "clock": {
        "it": "Il {day} l'ora legale è iniziata o finita.",
        "de": "Am {day} begann oder endete die Sommerzeit.",
        "en": "On {day} daylight saving time began or ended.",
    },
    "other_delivery": {
        "it": "Questo valore viene dalla consegna {now}, quello prima dalla consegna {before}.",
        "de": "Dieser Wert kommt aus der Lieferung {now}, der davor aus {before}.",
        "en": "This value comes from the delivery {now}, the one before from {before}.",
    },
    "same_delivery": {
        "it": "Questo valore e quello prima vengono dalla stessa consegna ({now}), letta allo stesso modo.",
        "de": "Dieser Wert und der davor kommen aus derselben Lieferung ({now}), gleich gelesen.",
        "en": "This value and the one before come from the same delivery ({now}), read in the same way.",
    },
}
