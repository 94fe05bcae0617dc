"""Distributed operations: one request answered, or carried out, by several brokers (GS CIM 009, clause 4.3.6).

``planning`` decides who gets which part of a request and ``merging`` makes one answer of several: both are pure.
``wording`` puts a part into the words of HTTP, ``asking`` sends it and bears with those who do not answer, ``reading``
and ``writing`` go the whole way for the two kinds of operations.
"""
