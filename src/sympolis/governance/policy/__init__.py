"""ODRL policies: who may do what with which data, on which conditions (W3C ODRL Information Model 2.2).

The core does no I/O: a policy, a request and the state of the world go in, a report comes out. So the same engine
decides at every read of the catalogue, in a dataspace transfer and in a test.

``model`` what a policy says · ``reading`` from JSON-LD · ``graphs`` from RDF · ``world`` what is the case ·
``conditions`` whether a constraint holds · ``evaluation`` which rules are active · ``decision`` yes or no ·
``wording`` the same in plain words.
"""
