# What every newcomer needs, from a bare clone with Python 3.11 or newer and make.

PYTHON ?= python3
PORT ?= 8000
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
DATA := $(or $(PHOTOCAMPUS_VAR),var)
CATALOGUES := $(wildcard photocampus/locale/*/LC_MESSAGES/*.po)
STATIC_STAMP := $(DATA)/static/staticfiles.json
SOURCES := photocampus units students sessions tests manage.py

.DEFAULT_GOAL := help
.PHONY: help setup run test bench soak lint format messages lock clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# The stamp says which lock file the environment was made from.
$(VENV)/stamp: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "photocampus needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@touch $@

$(VENV)/stamp-bench: $(VENV)/stamp tests/bench/requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r tests/bench/requirements.lock
	@touch $@

setup: $(VENV)/stamp $(CATALOGUES:.po=.mo) $(STATIC_STAMP) ## the environment from the lock file, compiled catalogues, static files

%.mo: %.po $(VENV)/stamp
	@$(MANAGE) compile_catalogues
	@touch $@

# The manifest is written last; it is older than its sources when something changed since.
$(STATIC_STAMP): $(VENV)/stamp $(shell find static -type f 2>/dev/null)
	@$(MANAGE) collectstatic --noinput --verbosity 0
	@touch $@

run: setup ## the portal on 127.0.0.1:8000 (PORT=...), with the demonstration if the database is empty
	@PORT=$(PORT) exec $(MANAGE) serve

test: setup ## every test that this machine can run
	@$(BIN)/python -m tests.run $(ARGS)

bench: setup $(VENV)/stamp-bench ## the benchmarks, each beside its peer
	@$(BIN)/python -m tests.bench $(ARGS)

soak: setup ## the long runs: fuzzing, random kills, simulated days
	@$(BIN)/python -m tests.soak $(ARGS)

lint: $(VENV)/stamp ## style, types, direction of imports, missing migrations
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MANAGE) makemigrations --check --dry-run

format: $(VENV)/stamp ## put the source into its form
	$(BIN)/ruff check --fix-only $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

messages: $(VENV)/stamp ## collect the sentences to translate
	$(MANAGE) collect_messages

lock: ## pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade \
	  --all-extras --group dev pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade \
	  --group bench -c requirements.lock -o tests/bench/requirements.lock

clean: ## take away what make made, keep the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find photocampus -name '*.mo' -delete
