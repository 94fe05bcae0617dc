"""Dataspace Protocol 2025-1: catalogue, contract negotiation and transfer process, as provider and as consumer.

Nothing here does I/O: messages and records go in, what is to be kept and sent comes out.
"""
