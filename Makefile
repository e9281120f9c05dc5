# make demo: install and run the main job.   make test: install what tests need and run them.
PYTHON ?= python3
VENV := .venv
RUN := $(CURDIR)/$(VENV)/bin/python

.PHONY: demo test check data bench-quick clean

demo: $(VENV)/.base
	rm -rf demo && mkdir demo
	cd demo && "$(RUN)" -m matloop run bear

test: $(VENV)/.test
	env -u MATLOOP_DATA "$(RUN)" -m pytest -q -n logical --maxprocesses 4 --dist worksteal

data: $(VENV)/.test
	"$(RUN)" -m pytest -q -m data

bench-quick: $(VENV)/.base
	"$(RUN)" -m benchmarks.quick

check: $(VENV)/.dev
	"$(RUN)" -m ruff check .
	"$(RUN)" -m ruff format --check .
	"$(RUN)" -m mypy

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "matloop needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing (Debian: apt install python3-venv)"; exit 1; }
	touch $@

$(VENV)/.base: $(VENV)/.made pyproject.toml
	"$(RUN)" -m pip install -q --disable-pip-version-check -e .
	touch $@

$(VENV)/.test: $(VENV)/.made pyproject.toml
	"$(RUN)" -m pip install -q --disable-pip-version-check -e ".[test]"
	touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	"$(RUN)" -m pip install -q --disable-pip-version-check -e ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) demo build dist
