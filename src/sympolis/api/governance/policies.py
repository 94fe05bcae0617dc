"""Policies of datasets: read, set and taken away by data owners, and explained to whoever asks for data."""

from __future__ import annotations

from sympolis.api.access import circumstances
from sympolis.api.asking import subject_of
from sympolis.api.bodies import read_json
from sympolis.api.http import JSON, LD_JSON, Reply, Request, json_reply
from sympolis.api.negotiation import language_of
from sympolis.api.parts import Governed
from sympolis.api.reading import check_listed
from sympolis.domain import errors
from sympolis.governance.audit.record import Act, Event
from sympolis.governance.identity.subject import Proof
from sympolis.governance.policy.assets import Asset
from sympolis.governance.policy.wording import describe_decision, describe_policy


class Policies:
    """Handlers of ``/api/datasets/{dataset}/policy`` and ``/access``."""

    def __init__(self, governed: Governed) -> None:
        self._governed = governed
        self._book = governed.gate.book

    async def get(self, request: Request) -> Reply:
        """The policy set for a dataset, and all that hold in plain words."""
        asset, language = self._asset(request), language_of(request.header(b"accept-language"))
        words = [list(describe_policy(one, language)) for one in self._book.of(asset)]
        return json_reply({"dataset": asset.id, "policy": self._book.document(asset.id), "words": words})

    async def put(self, request: Request) -> Reply:
        """Put a policy in force in place of the dataset's present one."""
        asset = self._asset(request)
        document = await read_json(request, JSON, LD_JSON)
        policy = self._book.set(asset.id, document)
        await self._note(request, "set policy", asset)
        language = language_of(request.header(b"accept-language"))
        return json_reply(
            {"dataset": asset.id, "policy": document, "words": [list(describe_policy(policy, language))]}
        )

    async def delete(self, request: Request) -> Reply:
        """Take it away."""
        asset = self._asset(request)
        self._book.remove(asset.id)
        await self._note(request, "remove policy", asset)
        return Reply(status=204)

    async def access(self, request: Request) -> Reply:
        """Whether whoever asks may read the dataset with the purpose they state, and why."""
        asset, subject = self._asset(request), subject_of(request)
        if subject.proof is Proof.MACHINE:
            return json_reply({"dataset": asset.id, "readable": True, "words": []})
        verdict = self._governed.gate.verdict(subject, circumstances(request, subject), asset)
        language = language_of(request.header(b"accept-language"))
        words = [] if verdict.decision is None else describe_decision(verdict.decision, language)
        return json_reply({"dataset": asset.id, "readable": verdict.readable, "words": list(words)})

    def _asset(self, request: Request) -> Asset:
        dataset = request.arguments["dataset"]
        check_listed(dataset)
        found = self._governed.gate.asset(dataset)
        if found is None:
            raise errors.NotFound(f"there is no dataset {dataset}", where="dataset", hint="see /catalogue")
        return found

    async def _note(self, request: Request, operation: str, asset: Asset) -> None:
        subject = subject_of(request)
        self._governed.gate.forget()
        if request.subject is not None:
            return  # where everybody is asked who they are, ``access`` writes down what was done
        event = Event(
            Act.ADMINISTERED, subject.id, operation, request.path, request.id, (asset.id,), subject.via
        )
        await self._governed.audit.keep(event)
