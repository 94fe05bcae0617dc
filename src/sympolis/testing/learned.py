"""A learned model's package for tests: card, model and examples that hold."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

from sympolis.testing.onnx_models import QUESTION, linear

NAME = "next-hour"
CARD = """
name = "next-hour"
version = "{version}"
owner = "The test"
licence = "{licence}"
format = "onnx"
file = "model.onnx"
sha256 = "{sha256}"
title = {{ en = "Next hour" }}
description = {{ en = "A regression." }}
intended_use = {{ en = "Tests." }}
limits = {{ en = "Anything else." }}
inputs = [{{ name = "x", datatype = "FP32", shape = [-1, 2] }}]
outputs = [{{ name = "y", datatype = "FP32", shape = [-1, 1], unit = "1" }}]
metrics = [{{ name = "mae", value = 0.1, unit = "1", split = "held-out", low = 0.05, high = 0.2 }}]
dependencies = [{{ name = "numpy", version = "2.0", licence = "BSD-3-Clause" }}]
[assessment]
class = "minimal"
reasons = {{ en = "It decides nothing about people." }}
oversight = {{ en = "A planner reads it." }}
[training]
datasets = ["air"]
method = "least squares"
seed = 1
energy_wh = 0.01
"""


def package(folder: Path, version: str, licence: str = "Apache-2.0") -> bytes:
    """The zip of a version; its model is written into ``folder`` on the way. Needs the package onnx."""
    model = linear(folder).read_bytes()
    text = CARD.format(version=version, licence=licence, sha256=hashlib.sha256(model).hexdigest())
    examples = [{"inputs": QUESTION, "outputs": [{"name": "y", "data": [0.75]}]}]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as out:
        out.writestr("model.toml", text)
        out.writestr("model.onnx", model)
        out.writestr("examples.json", json.dumps(examples))
    return content.getvalue()
