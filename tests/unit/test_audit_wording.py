"""Whatever the audit log may name has words in three languages: a new operation without them fails here."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

from sympolis.api.dsp import refusing
from sympolis.api.rights import RIGHTS
from sympolis.dataspace.dsp.machines import NEGOTIATION, TRANSFER
from sympolis.decision.participation.moderation import ACTS
from sympolis.domain.scenario import ScenarioStatus
from sympolis.governance.audit.record import Act
from sympolis.governance.audit.wording import _table, in_words
from sympolis.governance.lifecycle.stages import Stage

SOURCE = Path(__file__).parents[2] / "src" / "sympolis"
NOTED = re.compile(
    r"""note\((?:request|one|done)(?:,\s*self\._parts)?,\s*"([^"]+)"      # what handlers note themselves
      | Event\(\s*[\w.]+,\s*[\w."]+,\s*"([A-Za-z]+)"                 # … as an event of their own
      | "((?:user|key)\s\w+)"                                       # … what is done to people by commands
    """,
    re.VERBOSE,
)


def noted_in_the_code() -> set[str]:
    """Operations that are no route's name, as the code writes them down."""
    files = (path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py") if "testing" not in path.parts)
    return {name for text in files for found in NOTED.findall(text) for name in found if name}


def all_that_is_noted() -> set[str]:
    """Every name that an entry's operation may have."""
    machines = (NEGOTIATION, TRANSFER)
    contracts = {f"{one.name}.{act}" for one in machines for acts in one.arrows.values() for act in acts}
    states = {f"make {one}" for one in chain(Stage, ScenarioStatus)}
    refused = {f"dsp.{kind}" for kind in (refusing.CATALOGUE, refusing.NEGOTIATION, refusing.TRANSFER)}
    people = {Act.SIGNED_IN, Act.SIGN_IN_FAILED, Act.SIGNED_OUT}
    moderated = {f"moderate: {one}" for one in ACTS}
    return {*RIGHTS, *contracts, *states, *refused, *map(str, people), *moderated, *noted_in_the_code()}


def test_every_operation_of_the_log_has_words_in_every_language() -> None:
    some = {"set policy", "erase subject", "contribute", "user add", "runComputation", "rotate"}
    assert some <= noted_in_the_code()
    wordless = [
        one for one in all_that_is_noted() if not all(in_words(one).get(x) for x in ("it", "de", "en"))
    ]
    assert sorted(wordless) == []


def test_no_words_are_kept_for_what_is_gone() -> None:
    named = {re.sub(r"(?<=[a-z])\d+$", "", one) for one in all_that_is_noted()}
    assert sorted(_table().keys() - named) == []


def test_words_are_words() -> None:
    for name, texts in _table().items():
        assert set(texts) == {"it", "de", "en"}, name
        assert not any(re.search(r"[a-z][A-Z][a-z]|\w\.\w|  ", text) for text in texts.values()), name


def test_an_operation_of_another_version_has_none() -> None:
    assert in_words("divineTheFuture") == {}
