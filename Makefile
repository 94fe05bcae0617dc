# The two commands a stranger needs: `make demo` and `make test`. Everything happens in ./.venv.
PYTHON ?= python3
CITY ?= bologna
BIN := .venv/bin
# Tests run side by side, a file at a time, each process with servers of its own; more than four only take memory.
JOBS ?= $(shell $(PYTHON) -c 'import os; print(min(4, os.cpu_count() or 1))')
UI_SOURCES := $(shell find ui -type f -not -path '*/node_modules/*' 2>/dev/null)

.PHONY: help setup demo test lint types bench docs ui lock clean

help:            ## What can be done here
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: .venv/installed  ## Create .venv with everything for development and tests

.venv/installed: pyproject.toml hatch_build.py requirements/dev.txt $(UI_SOURCES)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Sympolis needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 3; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
	  { echo "Could not create .venv. On Debian or Ubuntu: sudo apt-get install python3-venv"; exit 3; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup      ## A running city twin at http://127.0.0.1:8400 (CITY=bologna)
	$(BIN)/sympolis demo $(CITY)

test: setup      ## All tests (JOBS=1: one after the other)
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile

lint: setup      ## Style, types and the dependency rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup     ## Measure, and print the table of docs/reference/performance.md
	$(BIN)/python -m benchmarks

docs: setup      ## Write the generated reference pages anew
	$(BIN)/python -m docs.generate

ui: setup        ## Build the user interface from ui/
	$(BIN)/python hatch_build.py

lock: setup      ## Write requirements/dev.txt anew from pyproject.toml, with hashes
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --all-extras --output-file requirements/dev.txt pyproject.toml

clean:           ## Remove what make built (not your data in .sympolis)
	rm -rf .venv dist build src/sympolis/web/assets ui/node_modules
