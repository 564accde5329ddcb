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
# Tests and tools must not see what a person's shell happens to put on the path of Python; and each of the hundreds of
# processes that they start would compile all of our code again where Python may not keep it compiled.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

.PHONY: help venv demo test lint format ci peers bench coverage mutate mutate-change sabotage nightly lock test-all-pythons system-packages clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-24s %s\n", $$1, $$2}'

venv: $(STAMP) ## make .venv and install everything into it (again when pyproject.toml or the lock changed)

$(STAMP): pyproject.toml requirements.lock tools/make-venv.sh
	@tools/make-venv.sh $(VENV) $(PYTHON)
	@touch $@

demo: $(STAMP) ## a simulated plant under control, live in this terminal, about two minutes
	@$(BIN)/setwise demo $(ARGS)

test: $(STAMP) system-packages ## every test but the nightly ones, several at once (ARGS=-n0: one after another)
	$(BIN)/pytest -n auto $(ARGS)

lint: $(STAMP) ## ruff, mypy --strict, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(STAMP) ## let ruff put layout and import order right
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

ci: ## what has to pass before anything lands: lint, test, coverage, known defects, mutants of what changed
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test
	@$(MAKE) --no-print-directory coverage ARGS=
	@$(MAKE) --no-print-directory sabotage ARGS=
	@$(MAKE) --no-print-directory mutate-change ARGS=

peers: $(STAMP) ## an environment beside ours for the tools that the benchmarks compare with (do-mpc, GEKKO, PIQP)
	@tools/make-peers-venv.sh .venv-peers $(PYTHON)

BENCHES := check gate cycle estimate steady layers ranked worth wood_berry shell quadruple_tank williams_otto van_de_vusse boiler web

bench: $(STAMP) peers ## every figure beside its peer or floor: check, gate, cycle, layers, plants, do-mpc and GEKKO; about half an hour
	@met=0; for part in $(BENCHES); do echo; echo "== $$part"; $(BIN)/python -m benchmarks.$$part || met=1; done; \
	  echo; echo "== peers"; $(BIN)/python -m benchmarks.peers --rounds 1 || met=1; exit $$met

coverage: $(STAMP) ## branch coverage of safety/ by its own tests: all of it, or fail
	$(BIN)/pytest -q --cov=safety --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100 tests/safety

sabotage: $(STAMP) ## known defects put in one by one, each of which a named test must notice
	@$(BIN)/python tools/sabotage.py $(ARGS)

mutate: $(STAMP) ## thousands of small changes to safety/, each of which a test must notice
	@$(BIN)/python tools/mutate.py $(ARGS)

mutate-change: $(STAMP) ## the same for the functions of safety/ that this branch changed, in a minute or two
	@$(BIN)/python tools/mutate_change.py $(ARGS)

nightly: $(STAMP) system-packages ## the long tests
	$(BIN)/pytest -m nightly --timeout 1800 $(ARGS)

lock: ## choose the newest versions anew and write requirements.lock
	@tools/lock.sh $(ARGS)

test-all-pythons: system-packages ## the tests on each of 3.11, 3.12 and 3.13 that is found
	@tools/test-all-pythons.sh $(PYTHONS)

system-packages: ## mosquitto, PostgreSQL, a C compiler and Node for the tests (apt, where root)
	@tools/system-packages.sh

clean: ## remove the environments and every cache
	rm -rf .venv .venv-* .mutation .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis mutants dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
