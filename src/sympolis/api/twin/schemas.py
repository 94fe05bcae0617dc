"""JSON Schemas of the twin's own documents (docs/reference/twin-api.md), for the OpenAPI document and its tests."""

from __future__ import annotations

from sympolis.api.schemas import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    TEXTS,
    TIME,
    Schema,
    optional,
    reference,
    several,
    structure,
)
from sympolis.domain.scenario import ScenarioStatus

_WINDOW = structure(
    {
        "start_hour": {"type": "integer", "minimum": 0, "maximum": 23},
        "end_hour": {"type": "integer", "minimum": 1, "maximum": 24},
    },
    required=("start_hour", "end_hour"),
)
_TABLE = several(several(optional(NUMBER)))
_FIGURE = structure(
    {"value": optional(NUMBER), "interval": optional(reference("Interval"))}, required=("value",)
)
_OVERRIDE = structure({"measure": TEXT, "where": OBJECT, "parameters": OBJECT}, required=("measure",))

_GRADE: Schema = {"enum": ["good", "fair", "poor", "unknown"]}

SCHEMAS: dict[str, Schema] = {
    "Interval": structure(
        {"low": optional(NUMBER), "high": optional(NUMBER), "level": NUMBER},
        required=("low", "high", "level"),
    ),
    "City": structure(
        {
            "id": TEXT,
            "name": TEXTS,
            "title": TEXTS,
            "bbox": several(NUMBER),
            "view": structure({"center": several(NUMBER), "zoom": NUMBER}, required=("center", "zoom")),
            "timezone": TEXT,
            "languages": several(TEXT),
            "accent": TEXT,
            "operator": TEXT,
            "licence": TEXT,
            "attribution": several(
                structure({"text": TEXT, "url": TEXT, "licence": TEXT}, required=("text",))
            ),
            "version": TEXT,
            "context": optional(TEXT),
            "ready": BOOLEAN,
            "readiness": structure(
                {"step": TEXT, "share": NUMBER, "text": TEXTS}, required=("step", "share", "text")
            ),
            "baseline_run": optional(TEXT),
        },
        required=("id", "name", "title", "bbox", "view", "languages", "ready", "readiness", "baseline_run"),
    ),
    "Layer": structure(
        {
            "id": TEXT,
            "title": TEXTS,
            "kind": {"enum": ["line", "fill", "point", "extrusion"]},
            "tiles": TEXT,
            "height": TEXT,
            "note": TEXTS,
            "url": TEXT,
            "count": INTEGER,
            "attribution": optional(TEXT),
            "source": optional(TEXT),
            "fields": several(structure({"name": TEXT, "title": TEXTS, "unit": TEXT, "direction": TEXT})),
            "time": {"enum": ["hour", "day", "none"]},
            "default": BOOLEAN,
        },
        required=("id", "title", "kind", "url", "count", "fields", "time", "default"),
    ),
    "Series": structure(
        {
            "feature": TEXT,
            "field": TEXT,
            "unit": TEXT,
            "times": several(TIME),
            "values": several(optional(NUMBER)),
            "source": optional(TEXT),
            "lineage": TEXT,
        },
        required=("feature", "field", "unit", "times", "values"),
    ),
    "Profile": structure(
        {
            "field": TEXT,
            "unit": TEXT,
            "hours": several(INTEGER),
            "features": several(TEXT),
            "values": _TABLE,
            "period": optional(OBJECT),
            "days": TEXT,
        },
        required=("field", "unit", "hours", "features", "values", "period", "days"),
    ),
    "SourceRun": structure(
        {
            "id": TEXT,
            "started_at": TIME,
            "finished_at": optional(TIME),
            "read": INTEGER,
            "accepted": INTEGER,
            "unchanged": INTEGER,
            "quarantined": INTEGER,
            "duplicates": INTEGER,
            "observations": INTEGER,
            "data_version": TEXT,
            "error": optional(TEXT),
            "explained": TEXTS,
            "delivery": optional(TEXT),
        },
        required=("id", "read", "accepted", "unchanged", "quarantined", "duplicates"),
    ),
    "Source": structure(
        {
            "id": TEXT,
            "title": TEXTS,
            "connector": TEXT,
            "owner": TEXT,
            "licence": TEXT,
            "url": TEXT,
            "schedule": TEXT,
            "entity_type": TEXT,
            "status": {"enum": ["fresh", "closed", "unjudged", "stale", "failed", "never"]},
            "last_run": optional(reference("SourceRun")),
            "newest_observation": optional(TIME),
            "last_good": optional(TIME),
            "covers": structure({"from": optional(TIME), "to": optional(TIME)}),
            "alarm": optional(TEXTS),
            "listening": optional(OBJECT),
            "quality": structure({"grade": _GRADE, "reason": TEXTS, "warning": several(TEXTS)}),
        },
        required=("id", "title", "connector", "status", "last_run"),
    ),
    "Handover": structure(
        {
            "id": TEXT,
            "source": TEXT,
            "name": TEXT,
            "sender": TEXT,
            "language": TEXT,
            "at": TIME,
            "state": {"enum": ["checked", "doubtful", "unusable", "released"]},
            "counts": OBJECT,
            "problems": several(OBJECT),
            "differences": several(OBJECT),
            "more_differences": INTEGER,
            "problem": optional(TEXT),
            "marked": BOOLEAN,
            "marked_copy": optional(TEXT),
            "released_by": optional(TEXT),
            "released_at": optional(TIME),
            "run": optional(TEXT),
        },
        required=("id", "source", "name", "sender", "state", "counts", "problems"),
    ),
    "Dataset": structure(
        {
            "id": TEXT,
            "title": TEXTS,
            "description": TEXTS,
            "owner": TEXT,
            "licence": TEXT,
            "status": {"enum": ["fresh", "closed", "unjudged", "stale", "failed", "never"]},
            "stage": {"enum": ["draft", "in-review", "released", "deprecated"]},
            "entity_type": TEXT,
            "modified": optional(TIME),
            "newest_observation": optional(TIME),
            "accepted_share": optional(NUMBER),
            "page": TEXT,
            "distributions": several(OBJECT),
            "snippets": several(structure({"tool": TEXT, "language": TEXT, "text": TEXT})),
        },
        required=("id", "title", "owner", "licence", "status", "page"),
    ),
    "DeliveryRow": structure(
        {"source": TEXT, "delivery": OBJECT, "row": OBJECT}, required=("source", "delivery", "row")
    ),
    "ValueOrigin": structure(
        {
            "attribute": TEXT,
            "at": optional(TIME),
            "value": {},
            "source": TEXT,
            "delivery": OBJECT,
            "mapping": structure({"id": TEXT, "version": TEXT}),
            "row": OBJECT,
            "link": TEXT,
            "portal": TEXT,
        },
        required=("attribute", "source", "delivery", "mapping", "row", "link"),
    ),
    "SourceImpact": structure(
        {
            "source": TEXT,
            "entity_type": TEXT,
            "makes": BOOLEAN,
            "lost": several(TEXT),
            "breaks": BOOLEAN,
            "sources": several(OBJECT),
            "models": several(OBJECT),
            "scenarios": several(OBJECT),
            "layers": several(OBJECT),
            "figures": several(OBJECT),
        },
        required=("source", "breaks", "lost", "sources", "models", "scenarios", "layers", "figures"),
    ),
    "Anomalies": structure(
        {
            "dataset": TEXT,
            "attribute": TEXT,
            "from": TIME,
            "to": TIME,
            "sensors": INTEGER,
            "values": INTEGER,
            "total": INTEGER,
            "events": several(
                structure(
                    {
                        "kind": {"enum": ["gap", "flat", "outlier", "jump", "drift"]},
                        "feature": TEXT,
                        "start": TIME,
                        "end": TIME,
                        "points": INTEGER,
                        "value": optional(NUMBER),
                        "low": optional(NUMBER),
                        "high": optional(NUMBER),
                        "score": optional(NUMBER),
                        "reason": TEXTS,
                    }
                )
            ),
        },
        required=("dataset", "attribute", "total", "events"),
    ),
    "Fairness": structure(
        {
            "dataset": TEXT,
            "model": TEXT,
            "measure": {"enum": ["reach", "per_1000"]},
            "flagged": several(TEXT),
            "groups": several(OBJECT),
            "areas": several(OBJECT),
            "inputs": several(OBJECT),
        },
        required=("flagged",),
    ),
    "DatasetQuality": structure(
        {
            "dataset": TEXT,
            "status": TEXT,
            "badge": structure(
                {
                    "grade": _GRADE,
                    "reasons": several(TEXTS),
                    "warning": several(TEXTS),
                }
            ),
            "newest": optional(OBJECT),
            "trend": several(OBJECT),
            "metrics": several(OBJECT),
            "dimensions": OBJECT,
        },
        required=("dataset", "badge", "newest", "trend"),
    ),
    "Datasets": structure(
        {"total": INTEGER, "facets": OBJECT, "datasets": several(reference("Dataset"))},
        required=("total", "facets", "datasets"),
    ),
    "QuarantinedRow": structure(
        {
            "id": TEXT,
            "row_number": INTEGER,
            "fields": OBJECT,
            "reasons": several(OBJECT),
            "run": TEXT,
            "at": TIME,
            "state": {"enum": ["held", "replayed", "dismissed"]},
        },
        required=("id", "row_number", "fields", "reasons", "state"),
    ),
    "Quarantine": structure(
        {"total": INTEGER, "rows": several(reference("QuarantinedRow"))}, required=("total", "rows")
    ),
    "CalibrationJob": structure(
        {
            "model": TEXT,
            "kind": {"enum": ["calibration", "evaluation"]},
            "status": TEXT,
            "progress": OBJECT,
            "started_at": TEXT,
            "finished_at": optional(TEXT),
            "error": optional(OBJECT),
        },
        required=("model", "kind", "status", "progress"),
    ),
    "Calibrations": structure(
        {
            "model": TEXT,
            "standing": optional(TEXT),
            "calibrations": several(OBJECT),
            "evaluations": several(OBJECT),
            "job": optional(OBJECT),
        },
        required=("model", "standing", "calibrations", "evaluations", "job"),
    ),
    "Model": structure(
        {
            "id": TEXT,
            "version": TEXT,
            "title": TEXTS,
            "description": TEXTS,
            "validity": TEXTS,
            "parameters": several(OBJECT),
            "measures": several(OBJECT),
            "indicators": several(OBJECT),
            "fields": several(OBJECT),
            "needs": several(OBJECT),
            "runs_here": BOOLEAN,
            "calibratable": BOOLEAN,
            "calibration": optional(OBJECT),
        },
        required=("id", "version", "title", "parameters", "measures", "indicators", "fields", "calibration"),
    ),
    "Scenario": structure(
        {
            "id": TEXT,
            "title": TEXTS,
            "question": TEXTS,
            "model": TEXT,
            "overrides": several(_OVERRIDE),
            "window": _WINDOW,
            "base": TEXT,
            "author": TEXT,
            "status": {"enum": [str(one) for one in ScenarioStatus]},
            "version": INTEGER,
            "approved_version": optional(INTEGER),
            "created_at": optional(TIME),
            "modified_at": optional(TIME),
            "latest_run": optional(TEXT),
            "builtin": BOOLEAN,
        },
        required=("id", "title", "model", "overrides", "window", "base", "version", "builtin"),
    ),
    "ScenarioDraft": structure(
        {
            "title": TEXTS,
            "question": TEXTS,
            "model": TEXT,
            "overrides": several(_OVERRIDE),
            "window": _WINDOW,
            "base": TEXT,
            "version": INTEGER,
        },
        required=("title", "model"),
    ),
    "ScenarioCheck": structure(
        {
            "allowed": BOOLEAN,
            "reasons": several(
                structure(
                    {"override": optional(INTEGER), "reason": TEXT, "texts": TEXTS},
                    required=("reason", "texts"),
                )
            ),
            "affected": several(TEXT),
            "estimate": optional(OBJECT),
        },
        required=("allowed", "reasons", "affected", "estimate"),
    ),
    "RunRequest": structure(
        {
            "mode": {"enum": ["interactive", "job"]},
            "members": {"type": ["integer", "null"], "minimum": 1, "maximum": 256},
            "seed": {"type": "integer", "minimum": 0, "maximum": 2147483647},
        }
    ),
    "Run": structure(
        {
            "id": TEXT,
            "scenario": TEXT,
            "status": {"enum": ["queued", "running", "done", "failed", "cancelled"]},
            "progress": OBJECT,
            "model": TEXT,
            "mode": TEXT,
            "window": _WINDOW,
            "seed": INTEGER,
            "members": optional(INTEGER),
            "cost_cpu_s": NUMBER,
            "cached": BOOLEAN,
            "error": optional(OBJECT),
            "warnings": several(TEXT),
            "warning_texts": several(TEXTS),
            "indicators": several(reference("RunIndicator")),
            "lineage": TEXT,
        },
        required=("id", "scenario", "status", "progress", "model", "indicators", "cached"),
    ),
    "RunIndicator": structure(
        {
            "name": TEXT,
            "title": TEXTS,
            "unit": TEXT,
            "direction": TEXT,
            "decimals": INTEGER,
            "value": optional(NUMBER),
            "interval": reference("Interval"),
        },
        required=("name", "unit", "value", "interval"),
    ),
    "Results": structure(
        {
            "features": several(TEXT),
            "hours": several(INTEGER),
            "fields": {
                "type": "object",
                "additionalProperties": structure(
                    {"unit": TEXT, "mean": _TABLE, "low": _TABLE, "high": _TABLE},
                    required=("unit", "mean", "low", "high"),
                ),
            },
        },
        required=("features", "hours", "fields"),
    ),
    "Comparison": structure(
        {
            "base": TEXT,
            "with": TEXT,
            "paired": BOOLEAN,
            "members": INTEGER,
            "indicators": several(
                structure(
                    {"name": TEXT, "base": _FIGURE, "with": _FIGURE, "change": _FIGURE, "verdict": TEXT},
                    required=("name", "base", "with", "change", "verdict"),
                )
            ),
            "features": several(TEXT),
            "hours": several(INTEGER),
            "fields": OBJECT,
            "equity": several(OBJECT),
            "text": TEXTS,
            "calibration": OBJECT,
        },
        required=("base", "with", "paired", "indicators", "features", "hours", "fields", "equity", "text"),
    ),
    "SensitivityRequest": structure({"points": {"enum": [8, 16, 32, 64, 128]}}),
    "Sensitivity": structure(
        {
            "run": TEXT,
            "status": {"enum": ["missing", "running", "done", "failed", "cancelled"]},
            "of": {"enum": ["value", "change"]},
            "points": INTEGER,
            "members": INTEGER,
            "progress": OBJECT,
            "estimate": OBJECT,
            "cost_cpu_s": NUMBER,
            "error": optional(OBJECT),
            "indicators": several(
                structure(
                    {"name": TEXT, "half_width": NUMBER, "varies": BOOLEAN, "inputs": several(OBJECT)},
                    required=("name", "half_width", "varies", "inputs"),
                )
            ),
        },
        required=("run", "status", "of", "points", "members", "progress", "indicators"),
    ),
    "Diagnosis": structure(
        {
            "entity": TEXT,
            "attribute": TEXT,
            "at": TIME,
            "source": TEXT,
            "value": optional(NUMBER),
            "expected": optional(NUMBER),
            "low": optional(NUMBER),
            "high": optional(NUMBER),
            "score": optional(NUMBER),
            "odd": BOOLEAN,
            "share_alike": optional(NUMBER),
            "neighbours": several(OBJECT),
            "candidates": several(
                structure(
                    {
                        "cause": TEXT,
                        "weight": NUMBER,
                        "text": TEXTS,
                        "evidence": several(
                            structure({"text": TEXTS, "link": optional(TEXT)}, required=("text", "link"))
                        ),
                    },
                    required=("cause", "weight", "text", "evidence"),
                )
            ),
        },
        required=("entity", "attribute", "at", "value", "odd", "neighbours", "candidates"),
    ),
    "Forecast": structure(
        {
            "id": TEXT,
            "title": TEXTS,
            "entity_type": TEXT,
            "attribute": TEXT,
            "unit": TEXT,
            "source": TEXT,
            "step_s": INTEGER,
            "horizon": INTEGER,
            "level": NUMBER,
            "rule": OBJECT,
            "weather": optional(TEXT),
            "state": {"enum": ["missing", "working", "failed", "current", "outdated"]},
            "progress": optional(NUMBER),
            "problem": optional(TEXT),
            "origin": TIME,
            "model": TEXT,
            "held_out": OBJECT,
            "figures": OBJECT,
            "published": INTEGER,
            "withheld": INTEGER,
            "series": several(
                structure(
                    {
                        "feature": TEXT,
                        "state": {"enum": ["published", "withheld"]},
                        "reasons": several(
                            structure({"code": TEXT, "text": TEXTS}, required=("code", "text"))
                        ),
                        "last": TIME,
                        "figures": OBJECT,
                        "horizons": several(OBJECT),
                        "values": optional(OBJECT),
                        "past": several(OBJECT),
                    },
                    required=("feature", "state", "reasons", "last", "figures"),
                )
            ),
        },
        required=(
            "id",
            "title",
            "entity_type",
            "attribute",
            "unit",
            "step_s",
            "horizon",
            "level",
            "state",
            "series",
        ),
    ),
    "Indicator": structure(
        {
            "name": TEXT,
            "title": TEXTS,
            "unit": TEXT,
            "value": optional(NUMBER),
            "interval": optional(reference("Interval")),
            "at": optional(TIME),
            "run": optional(TEXT),
            "source": optional(TEXT),
            "lineage": optional(TEXT),
        },
        required=("name", "unit", "value"),
    ),
    "LineageEvents": structure({"total": INTEGER, "events": several(OBJECT)}, required=("total", "events")),
    "Lineage": structure(
        {
            "id": TEXT,
            "nodes": several(structure({"id": TEXT, "kind": TEXT, "title": {}}, required=("id", "kind"))),
            "edges": several(several(TEXT)),
        },
        required=("id", "nodes", "edges"),
    ),
}
