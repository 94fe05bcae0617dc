"""Empty on purpose: a service holds no logic, so there is no code of services to put here.

A service is a file of a city package that names models, a scenario, levers and what is shown (decision 0032).
``sympolis new service`` writes one from what its model declares, ``sympolis service check --on CITY`` says whether it
runs elsewhere. The package stays, so that layout and import contracts have a place for a service that needs code.
"""
