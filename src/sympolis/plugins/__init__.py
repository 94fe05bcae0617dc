"""What a plugin is: contracts that third parties implement, and the loader that finds them.

A plugin is a folder with ``manifest.toml``, an ``__init__.py`` holding one class, ``settings.py`` and tests.
It imports this package, ``sympolis.domain`` and its engine, returns values and stores nothing:
the platform schedules, retries, stores and authorises.
"""
