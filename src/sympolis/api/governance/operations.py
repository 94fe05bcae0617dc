"""The routes of identity, policies and audit with their documentation."""

from __future__ import annotations

from sympolis.api.governance import trail
from sympolis.api.governance.forms import FORM
from sympolis.api.governance.people import People
from sympolis.api.governance.policies import Policies
from sympolis.api.governance.signing_in import PATH, SigningIn
from sympolis.api.governance.stages import Stages
from sympolis.api.governance.subjects import SubjectRequests
from sympolis.api.governance.trail import Trail
from sympolis.api.http import JSON, LD_JSON
from sympolis.api.parameters import Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, TEXT, Schema, reference, structure
from sympolis.governance.lifecycle.stages import Stage

_IDENTITY, _POLICIES, _AUDIT, _SUBJECTS = "Identity", "Policies", "Audit", "Subjects of data"
NEXT = Parameter(name="next", text="The path of this server to go on to.", max_length=4096)
_DATASET = {"dataset": "A dataset's id."}
_EXAMPLE = {
    "@context": "http://www.w3.org/ns/odrl.jsonld",
    "@type": "Set",
    "permission": [
        {
            "action": "read",
            "assignee": "urn:sympolis:role:partner",
            "constraint": [
                {
                    "leftOperand": "purpose",
                    "operator": "eq",
                    "rightOperand": {"@id": "https://w3id.org/dpv#ResearchAndDevelopment"},
                }
            ],
        }
    ],
}


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none where nothing is said about who may do what."""
    if parts.governed is None:
        return ()
    found = (*_people(People(parts.governed)), _trail(Trail(parts.governed)))
    if parts.governed.issuer is not None:
        handlers = SigningIn(parts.governed, parts.governed.issuer, parts.governed.public_url)
        found = (*found, *_issuer(handlers), *_sessions(handlers))
    if parts.city is None:
        return found
    found = (*found, *_policies(Policies(parts.governed)), *_stages(Stages(parts.governed)))
    if parts.subjects is None:
        return found
    return (*found, *_subjects(SubjectRequests(parts.governed, parts.subjects)))


def _people(handlers: People) -> tuple[Operation, ...]:
    return (
        Operation(
            method="GET",
            path="/api/identity/me",
            handle=handlers.me,
            name="getMe",
            title="Who you are here and what you may do",
            tag=_IDENTITY,
            answers={200: Answer("Roles and rights.", {JSON: reference("Me")})},
        ),
        Operation(
            method="GET",
            path="/api/identity/roles",
            handle=handlers.roles,
            name="listRoles",
            title="Roles and what each may do",
            tag=_IDENTITY,
            answers={200: Answer("The table.", {JSON: reference("Roles")})},
        ),
    )


def _trail(handlers: Trail) -> Operation:
    return Operation(
        method="GET",
        path="/api/admin/audit",
        handle=handlers.list,
        name="listAudit",
        title="The audit log, newest first",
        tag=_AUDIT,
        parameters=trail.PARAMETERS,
        answers={200: Answer("A page of it.", {JSON: reference("AuditEntries")})},
    )


def _policies(handlers: Policies) -> tuple[Operation, ...]:
    path = "/api/datasets/{dataset}/policy"
    shown = {200: Answer("The policy, and what holds in plain words.", {JSON: reference("DatasetPolicy")})}
    return (
        Operation(
            method="GET",
            path=path,
            handle=handlers.get,
            name="getPolicy",
            title="The policy of a dataset",
            tag=_POLICIES,
            path_texts=_DATASET,
            answers=shown,
        ),
        Operation(
            method="PUT",
            path=path,
            handle=handlers.put,
            name="setPolicy",
            title="Set the policy of a dataset",
            tag=_POLICIES,
            path_texts=_DATASET,
            text="ODRL 2.2 as JSON-LD. Parties are urn:sympolis:role:NAME and urn:sympolis:subject:ID.",
            body=Body({"type": "object"}, (JSON, LD_JSON), _EXAMPLE),
            answers=shown,
        ),
        Operation(
            method="DELETE",
            path=path,
            handle=handlers.delete,
            name="deletePolicy",
            title="Take the policy of a dataset away",
            tag=_POLICIES,
            path_texts=_DATASET,
            answers={204: Answer("Done.")},
        ),
        Operation(
            method="GET",
            path="/api/datasets/{dataset}/access",
            handle=handlers.access,
            name="explainAccess",
            title="Whether you may read a dataset, and why",
            tag=_POLICIES,
            path_texts=_DATASET,
            text="Headers: Sympolis-Purpose (an IRI) and Sympolis-Place state what policies may ask for.",
            answers={200: Answer("The answer in words.", {JSON: reference("DatasetAccess")})},
        ),
    )


def _stages(handlers: Stages) -> tuple[Operation, ...]:
    path = "/api/datasets/{dataset}/stage"
    shown = {200: Answer("The stage, and the steps that led there.", {JSON: reference("DatasetStage")})}
    return (
        Operation(
            method="GET",
            path=path,
            handle=handlers.get,
            name="getStage",
            title="Where a dataset is in its life",
            tag=_POLICIES,
            path_texts=_DATASET,
            text="draft, in-review, released or deprecated; `next`: where whoever asks may take it.",
            answers=shown,
        ),
        Operation(
            method="POST",
            path=path,
            handle=handlers.post,
            name="changeStage",
            title="Submit, release, deprecate or withdraw a dataset",
            tag=_POLICIES,
            path_texts=_DATASET,
            text="Submitting needs the right `datasets.submit`, all else `datasets.release`.",
            body=Body(
                structure({"stage": {"enum": list(Stage)}, "why": TEXT}, required=("stage", "why")),
                (JSON,),
                {"stage": "deprecated", "why": "The loops are replaced by cameras; see the new counts."},
            ),
            answers=shown,
        ),
    )


def _subjects(handlers: SubjectRequests) -> tuple[Operation, ...]:
    one = {"id": "urn:ngsi-ld:Meter:city:0042"}
    named: Schema = structure({"id": TEXT}, required=("id",))
    reasoned: Schema = structure({"id": TEXT, "why": TEXT}, required=("id", "why"))
    return (
        Operation(
            method="POST",
            path="/api/admin/subjects",
            handle=handlers.report,
            name="reportSubject",
            title="What is held of somebody's entity",
            tag=_SUBJECTS,
            text="Attributes, history, and every row of a delivery that it came from (GDPR, article 15).",
            body=Body(named, (JSON,), one),
            answers={200: Answer("What is held.", {JSON: reference("SubjectReport")})},
        ),
        Operation(
            method="POST",
            path="/api/admin/erasures",
            handle=handlers.erase,
            name="eraseSubject",
            title="Erase somebody's entity everywhere",
            tag=_SUBJECTS,
            text="With history, held rows, deliveries and what exports would restore (GDPR, article 17).",
            body=Body(reasoned, (JSON,), {**one, "why": "Asked for on 3 March, file 17/2026."}),
            answers={200: Answer("What was erased, and what is left to do.", {JSON: reference("Erasure")})},
        ),
        Operation(
            method="GET",
            path="/api/admin/erasures",
            handle=handlers.erasures,
            name="listErasures",
            title="Erasures so far",
            tag=_SUBJECTS,
            answers={200: Answer("When, by whom and why; not whom.", {JSON: reference("Erasures")})},
        ),
    )


def _issuer(handlers: SigningIn) -> tuple[Operation, ...]:
    found = {200: Answer("The document.", {JSON: OBJECT})}
    return (
        Operation(
            method="GET",
            path=f"{PATH}/.well-known/openid-configuration",
            handle=handlers.describe,
            name="describeIssuer",
            title="The built-in issuer, for OpenID Connect clients",
            tag=_IDENTITY,
            answers=found,
        ),
        Operation(
            method="GET",
            path=f"{PATH}/jwks",
            handle=handlers.keys,
            name="getIssuerKeys",
            title="The keys that verify its tokens",
            tag=_IDENTITY,
            answers=found,
        ),
        Operation(
            method="GET",
            path=f"{PATH}/authorize",
            handle=handlers.authorize,
            name="authorize",
            title="A code for whoever has signed in",
            tag=_IDENTITY,
            open_parameters=True,
            answers={303: Answer("To the client with a code, or to the form.")},
        ),
        Operation(
            method="POST",
            path=f"{PATH}/token",
            handle=handlers.token,
            name="getToken",
            title="Tokens for a code, or for a key",
            tag=_IDENTITY,
            body=Body(OBJECT, (FORM, JSON), {"grant_type": "client_credentials", "client_secret": "syk_…"}),
            answers={200: Answer("Tokens.", {JSON: OBJECT})},
        ),
    )


def _sessions(handlers: SigningIn) -> tuple[Operation, ...]:
    return (
        Operation(
            method="GET",
            path=f"{PATH}/login",
            handle=handlers.page,
            name="showSignIn",
            title="The page on which people sign in",
            tag=_IDENTITY,
            parameters=(NEXT,),
            answers={200: Answer("A form.", {"text/html": TEXT})},
        ),
        Operation(
            method="POST",
            path=f"{PATH}/login",
            handle=handlers.sign_in,
            name="signIn",
            title="Sign in with name and password",
            tag=_IDENTITY,
            body=Body(OBJECT, (FORM, JSON), {"user": "anna", "password": "…"}),
            answers={
                200: Answer("Signed in; the cookie is set.", {JSON: OBJECT}),
                303: Answer("Likewise, for a form: to the page that was wanted."),
            },
        ),
        Operation(
            method="POST",
            path=f"{PATH}/logout",
            handle=handlers.sign_out,
            name="signOut",
            title="Sign out",
            tag=_IDENTITY,
            answers={204: Answer("The cookie is gone.")},
        ),
    )
