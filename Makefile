# Everything starts here, from a bare clone, on a machine with Python 3.11 or newer and make.
#   make demo        PYTHON=/path/to/python3.12 chooses the interpreter, ARGS="--headless --json" goes to the command
SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV ?= .venv
PYTHON ?=
ARGS ?=
PYTHONS ?= 3.11 3.12 3.13
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Tests and tools must not see what a person's shell happens to put on the path of Python.
unexport PYTHONPATH PYTHONHOME

.PHONY: help venv demo test lint format ci bench coverage mutate nightly lock test-all-pythons system-packages clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-24s %s\n", $$1, $$2}'

venv: $(STAMP) ## make .venv and install everything into it (again when pyproject.toml or the lock changed)

$(STAMP): pyproject.toml requirements.lock tools/make-venv.sh
	@tools/make-venv.sh $(VENV) $(PYTHON)
	@touch $@

demo: $(STAMP) ## a simulated plant under control, live in this terminal, about two minutes
	@$(BIN)/setwise demo $(ARGS)

test: $(STAMP) system-packages ## every test but the nightly ones
	$(BIN)/pytest $(ARGS)

lint: $(STAMP) ## ruff, mypy --strict, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(STAMP) ## let ruff put layout and import order right
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

ci: ## what has to pass before anything lands: lint, then test
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test

bench: $(STAMP) ## the cycle with 200 tags against its floor, part by part, about three minutes
	@$(BIN)/python -m benchmarks.cycle $(ARGS)

coverage: $(STAMP) ## branch coverage of safety/ by its own tests: all of it, or fail
	$(BIN)/pytest -q --cov=safety --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100 tests/safety

mutate: $(STAMP) ## change safety/ line by line and see that a test notices each change
	$(BIN)/python tools/mutate.py $(ARGS)

nightly: $(STAMP) system-packages ## the long tests
	$(BIN)/pytest -m nightly --timeout 1800 $(ARGS)

lock: ## choose the newest versions anew and write requirements.lock
	@tools/lock.sh $(ARGS)

test-all-pythons: system-packages ## the tests on each of 3.11, 3.12 and 3.13 that is found
	@tools/test-all-pythons.sh $(PYTHONS)

system-packages: ## mosquitto and PostgreSQL for the tests (apt, where root)
	@tools/system-packages.sh

clean: ## remove the environments and every cache
	rm -rf .venv .venv-* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis mutants dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
