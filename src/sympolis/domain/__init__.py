"""The vocabulary of the twin: plain frozen values that every other package speaks.

Standard library only. Nothing here does I/O, reads a clock or knows a store.
"""
