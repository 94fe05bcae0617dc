"""The catalogue of what a twin offers: datasets, data services and who answers for them (DCAT-AP 3.0.1).

It is never typed: ``building`` makes it from what really runs. ``model`` the values · ``licences`` what a licence code
means · ``graph`` the same as RDF · ``search`` finding in it.
"""
