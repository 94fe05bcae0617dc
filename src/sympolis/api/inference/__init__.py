"""The Open Inference Protocol v2 (REST): learned models asked as KServe, Triton and MLServer are asked."""

from sympolis.api.inference.operations import operations

__all__ = ["operations"]
