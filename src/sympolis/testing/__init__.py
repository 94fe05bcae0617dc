"""How a plugin, a store or a city proves itself: contract suites, strategies and stand-ins, shipped with the platform.

Third parties subclass a suite and run it with pytest. Nothing in here is imported in production.
"""
