"""`python -m sympolis` is the `sympolis` command."""

from sympolis.cli.main import run

if __name__ == "__main__":
    run()
