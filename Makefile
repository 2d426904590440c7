# `make demo` and `make test` need Python 3.11 or newer and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo test bench check clean

demo: $(VENV)/installed
	$(BIN)/diffmst demo --force

test: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto

# About 20 minutes, best on a machine that does nothing else; `make bench BENCH="console --quick"` measures some of it.
BENCH ?= --out bench/results.json --docs docs
bench: .venv-bench/installed
	.venv-bench/bin/python -W ignore -m bench $(BENCH)

# Second runs reuse the environment; a change of what is declared installs again.
$(VENV)/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	touch $@

# One peer at a time, as none is needed: what cannot be installed here is left out. They see torch while they are built.
.venv-bench/installed: pyproject.toml constraints.txt bench/requirements.txt
	test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip --quiet --disable-pip-version-check install --constraint constraints.txt --editable .
	grep -v '^#' bench/requirements.txt | while read -r peer; do \
		.venv-bench/bin/python -m pip --quiet --disable-pip-version-check install --constraint constraints.txt \
			--no-build-isolation "$$peer" || echo "bench: going on without $$peer"; \
	done
	touch $@

clean:
	rm -rf $(VENV) .venv-bench diffmst-demo
