"""What a clerk reads of a row that did not pass is in one language, with the value that was found."""

import pytest

from sympolis.acquisition.quality import Reason, Unfit, checker
from sympolis.acquisition.remarks import remark
from sympolis.acquisition.source import Expectation


def refused(expectation: Expectation, value: object) -> Reason:
    check = checker(expectation)
    assert check is not None
    with pytest.raises(Unfit) as found:
        check(value)
    return found.value.reason("h18")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("it", "Il valore non è plausibile. Atteso: da 0 a 4000. Trovato: 5680."),
        ("de", "Der Wert ist nicht plausibel. Erwartet: 0 bis 4000. Gefunden: 5680."),
        ("en", "The value is not plausible. Expected: 0 to 4000. Found: 5680."),
    ],
)
def test_a_value_out_of_range(language: str, text: str) -> None:
    assert remark(refused(Expectation(low=0, high=4000), 5680), language).text == text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("it", "Il valore non è del tipo atteso. Atteso: un numero intero. Trovato: 'x'."),
        ("de", "Der Wert ist nicht von der erwarteten Art. Erwartet: eine ganze Zahl. Gefunden: 'x'."),
    ],
)
def test_a_value_of_another_kind(language: str, text: str) -> None:
    assert remark(refused(Expectation(type="integer"), "x"), language).text == text


def test_what_is_no_judgement_of_a_value_is_quoted() -> None:
    reason = Reason("date", "time", "'2024-31-01' is not '%Y-%m-%d'", "%Y-%m-%d")
    assert remark(reason, "it").text.endswith("Trovato: '2024-31-01' is not '%Y-%m-%d'.")
