"""SIMPL-Open: joining a dataspace of the Commission's middleware, and describing what we offer in its words.

The steps are those of its functional requirements (key pair, signing request, participant, credential;
self-descriptions, federated catalogue, search). The addresses of an authority differ between releases and are
configuration; no real one was at hand, so this is exercised against a stub.
"""
