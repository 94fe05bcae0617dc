"""The `sympolis` command.

`sympolis broker` is started again and again, by service managers and in tests: it loads what a broker needs and nothing
of what only a city's twin does.
"""

from __future__ import annotations

import sys


def run() -> None:
    """Entry point of the `sympolis` script."""
    if sys.argv[1:2] == ["broker"]:
        from sympolis.cli.broker import flags_of, start

        flags = flags_of(sys.argv[2:])
        if flags is not None:
            start(flags)
            return
        from sympolis.cli.serve import broker_alone

        broker_alone()
    else:
        from sympolis.cli.verbs import app

        app()
