"""What leaves the twin with a model: its bill of materials, and a folder that KServe serves as it stands.

The bill is CycloneDX 1.6 with a ``modelCard`` (ECMA-424), the folder that of a Triton model repository, which KServe's
ONNX runtimes read, with an ``InferenceService`` that names the Open Inference Protocol. Where the folder is kept is the
receiving platform's business, so the manifest's ``storageUri`` is left to be filled in, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sympolis.analysis.learned.card import Card, Dependency, Tensor
from sympolis.domain import bills

Json = dict[str, Any]
Files = Mapping[str, bytes]

STORAGE = "REPLACE-WITH-THE-ADDRESS-OF-THIS-FOLDER"

_TRITON = {
    "BOOL": "TYPE_BOOL", "UINT8": "TYPE_UINT8", "UINT16": "TYPE_UINT16", "UINT32": "TYPE_UINT32",
    "UINT64": "TYPE_UINT64", "INT8": "TYPE_INT8", "INT16": "TYPE_INT16", "INT32": "TYPE_INT32", "INT64": "TYPE_INT64",
    "FP16": "TYPE_FP16", "FP32": "TYPE_FP32", "FP64": "TYPE_FP64", "BYTES": "TYPE_STRING",
}  # fmt: skip


def bill_of_materials(card: Card, language: str = "en") -> Json:
    """The CycloneDX document of one version."""
    datasets = [{"type": "data", "bom-ref": f"dataset:{one}", "name": one} for one in card.training.datasets]
    return bills.bill(_model(card, language), [*map(_library, card.dependencies), *datasets])


def _reference(card: Card) -> str:
    return f"model:{card.name}@{card.version}"


def _model(card: Card, language: str) -> Json:
    return {
        "type": "machine-learning-model",
        "bom-ref": _reference(card),
        "name": card.name,
        "version": card.version,
        "description": said(card.description, language),
        "supplier": {"name": card.owner},
        "licenses": [bills.licensed(card.licence)],
        "hashes": [bills.hashed(card.sha256)],
        "modelCard": {
            "modelParameters": {
                "task": card.training.method,
                "datasets": [{"ref": f"dataset:{one}"} for one in card.training.datasets],
                "inputs": [{"format": _form(one)} for one in card.inputs],
                "outputs": [{"format": _form(one)} for one in card.outputs],
            },
            "quantitativeAnalysis": {
                "performanceMetrics": [
                    {
                        "type": one.name,
                        "value": f"{one.value:g} {one.unit}".strip(),
                        "slice": one.split,
                        **(
                            {
                                "confidenceInterval": {
                                    "lowerBound": f"{one.low:g}",
                                    "upperBound": f"{one.high:g}",
                                }
                            }
                            if one.low is not None and one.high is not None
                            else {}
                        ),
                    }
                    for one in card.metrics
                ]
            },
            "considerations": {
                "useCases": [said(card.intended_use, language)],
                "technicalLimitations": [said(card.limits, language)],
            },
        },
        "properties": [
            {"name": "sympolis:ai-act:class", "value": str(card.assessment.risk)},
            {"name": "sympolis:ai-act:reasons", "value": said(card.assessment.reasons, language)},
            {"name": "sympolis:oversight", "value": said(card.assessment.oversight, language)},
        ],
    }


def _library(one: Dependency) -> Json:
    return bills.part(
        kind="library", name=one.name, version=one.version, licence=one.licence, sha256=one.sha256
    )


def _form(tensor: Tensor) -> str:
    return f"{tensor.name}: {tensor.datatype}{list(tensor.shape)} {tensor.unit}".strip()


def said(texts: Mapping[str, str], language: str) -> str:
    """A text in this language, or in English, or in any."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def kserve_package(card: Card, model: bytes, card_text: str) -> Files:
    """The files of the exported folder, by path."""
    place = f"{card.name}/{card.version.split('.')[0]}/model.onnx"
    return {
        "inferenceservice.yaml": _inference_service(card).encode(),
        place: model,
        f"{card.name}/config.pbtxt": _triton(card).encode(),
        "model.toml": card_text.encode(),
        "sbom.cdx.json": json.dumps(bill_of_materials(card), indent=2, ensure_ascii=False).encode(),
        "README.md": _readme(card).encode(),
    }


def _inference_service(card: Card) -> str:
    return f"""apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: {card.name}
  labels:
    app.kubernetes.io/version: "{card.version}"
  annotations:
    sympolis/ai-act-class: "{card.assessment.risk}"
    sympolis/sha256: "{card.sha256}"
spec:
  predictor:
    model:
      modelFormat:
        name: onnx
      protocolVersion: v2
      # the folder that this file stands in, in a bucket or volume of yours
      storageUri: {STORAGE}
      resources:
        requests: {{cpu: 100m, memory: 256Mi}}
        limits: {{cpu: "1", memory: 1Gi}}
"""


def _triton(card: Card) -> str:
    lines = [f'name: "{card.name}"', 'platform: "onnxruntime_onnx"', "max_batch_size: 0"]
    for kind, tensors in (("input", card.inputs), ("output", card.outputs)):
        for one in tensors:
            dims = ", ".join(str(length) for length in one.shape)
            lines.append(
                f'{kind} [ {{ name: "{one.name}" data_type: {_TRITON[one.datatype]} dims: [ {dims} ] }} ]'
            )
    return "\n".join(lines) + "\n"


def _readme(card: Card) -> str:
    metrics = "\n".join(
        f"- {one.name} ({one.split}): {one.value:g} {one.unit}".rstrip() for one in card.metrics
    )
    return f"""# {said(card.title, "en")} {card.version}

{said(card.description, "en")}

Owner: {card.owner}. Licence: {card.licence}. Class of risk (AI Act): {card.assessment.risk},
because {said(card.assessment.reasons, "en")}

Meant for: {said(card.intended_use, "en")}

Not for: {said(card.limits, "en")}

{metrics}

Put this folder where KServe can read it, write its address into `inferenceservice.yaml` and apply that file. The model
then answers at `/v2/models/{card.name}/infer` as it does in the twin it comes from.
"""
