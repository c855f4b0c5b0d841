# Everything a developer or a continuous integration machine needs; `make` alone lists it.
# The environment is .venv at the root of the project, the program .venv/bin/csconsole.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
DEMO_DIR := $(CURDIR)/build/demo

# Server tests share one Dovecot and one Postfix: their group runs on one worker (--dist loadgroup). A worker that dies
# ends the run: started again, it would wait for ever for the rest of its group.
PYTEST := $(BIN)/python -m pytest -n $(or $(JOBS),2) --dist loadgroup --max-worker-restart 0 $(PYTEST_ARGS)

.PHONY: help setup demo test faults fuzz check format bench clean

help:
	@echo "make setup     the environment in .venv, with everything development needs"
	@echo "make demo      the console on invented conversations (without a terminal: build it and list them)"
	@echo "make test      all tests; installs Dovecot, Postfix, tmux and strace where it may"
	@echo "make faults    kill, cut and starve it in every place; writes docs/dev/reliability.md (an hour)"
	@echo "make fuzz      fifty times as many hostile inputs for every reader of foreign text (about ten minutes)"
	@echo "make check     format, lint, types, import contracts, generated files"
	@echo "make format    reformat the code"
	@echo "make bench     measure against the budgets; a missed budget fails"
	@echo "make clean     remove what the other targets made, .venv included"

$(VENV)/.stamp-dev: pyproject.toml constraints.txt tools/setup.sh
	tools/setup.sh dev
	@touch $(VENV)/.stamp-run $@

$(VENV)/.stamp-run: pyproject.toml constraints.txt tools/setup.sh
	tools/setup.sh run
	@touch $@

setup: $(VENV)/.stamp-dev

demo: $(VENV)/.stamp-run
	@if [ -t 0 ] && [ -t 1 ]; then \
	  exec $(BIN)/csconsole demo; \
	else \
	  rm -rf "$(DEMO_DIR)" && mkdir -p "$(DEMO_DIR)" && \
	  $(BIN)/csconsole demo --build-only --still --data-dir "$(DEMO_DIR)" && \
	  $(BIN)/csconsole --data-dir "$(DEMO_DIR)" list --limit 20; \
	fi

test: $(VENV)/.stamp-dev
	@tools/install-test-servers.sh test
	$(PYTEST)

faults: $(VENV)/.stamp-dev
	@tools/install-test-servers.sh test
	CI=true CSCONSOLE_FAULTS=long CSCONSOLE_FAULTS_REPORT=docs/dev/reliability.md $(PYTEST) --timeout 3600 tests/faults

fuzz: $(VENV)/.stamp-dev
	CSCONSOLE_FUZZ=$(or $(FUZZ),50) $(PYTEST) tests/hostile/test_fuzz.py

check: $(VENV)/.stamp-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/generated.py --check

format: $(VENV)/.stamp-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python tools/generated.py

bench: $(VENV)/.stamp-dev
	@tools/install-test-servers.sh bench
	$(BIN)/python -m bench $(BENCH_ARGS)

clean:
	rm -rf $(VENV) build dist bench/out *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
