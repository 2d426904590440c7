# `make demo` and `make test` need Python 3.11 or newer and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

# Node comes with the environment; the page that `diffmst serve` shows is built by it, for tests only.
NPM := cd web && PATH="$(CURDIR)/$(BIN):$$PATH" npm --no-fund --no-audit --no-update-notifier

.PHONY: demo test page bench clean

demo: $(VENV)/installed
	$(BIN)/diffmst demo --force

test: $(VENV)/installed-dev web/node_modules/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(NPM) run check
	$(NPM) test
	$(BIN)/pytest -n auto -rs

# After a change of web/, this makes the files that ship in the package; a test holds them to be those.
page: $(VENV)/installed-dev web/node_modules/installed
	$(BIN)/python -m diffmst.web.openapi
	$(NPM) run types
	$(NPM) run build

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

web/node_modules/installed: web/package-lock.json $(VENV)/installed-dev
	$(NPM) ci --silent
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
	rm -rf $(VENV) .venv-bench web/node_modules diffmst-demo
