# Jauap: `make` alone prints this list.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2
NPM := tests/interop/npm

.DEFAULT_GOAL := help
.PHONY: help demo test check bench fuzz setup tools peers clean

help: ## print this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: setup tools ## play a conversation of citizens against the whole service on this machine
	@$(BIN)/jauap demo

test: setup tools peers ## run every test
	@$(BIN)/pytest -q -n $(WORKERS) --dist loadfile

check: setup tools peers ## lint, types, layering, then every test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q -n $(WORKERS) --dist loadfile

bench: setup ## measure round trips beside bare loops in the same run, as ratios
	@$(BIN)/jauap bench

fuzz: setup ## a million mutated PDUs against a live session, then ten minutes guided by coverage
	@$(BIN)/python -m tests.fuzz.million
	@$(BIN)/python -m pip --disable-pip-version-check install -q --require-hashes \
	  -r requirements-fuzz.lock
	@$(BIN)/python tests/fuzz/atheris_pdu.py -max_total_time=600

setup: $(READY) ## make the virtual environment from the hashed lock

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Jauap needs Python 3.11 or newer; name one with make PYTHON=..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call apt,python3-venv)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip --disable-pip-version-check install -q --require-hashes \
	  -r requirements-dev.lock
	@$(BIN)/python -m pip --disable-pip-version-check install -q --no-deps --no-build-isolation -e .
	@touch $@

tools: ## programs beside Python: espeak-ng speaks what no studio has recorded, Pango sets acts
	@command -v espeak-ng >/dev/null || $(call apt,espeak-ng)
	@ldconfig -p | grep -q libpangoft2 || $(call apt,libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)
	@ls /usr/share/fonts/truetype/dejavu/DejaVuSansCondensed.ttf >/dev/null 2>&1 \
	  || $(call apt,fonts-dejavu-core fonts-dejavu-extra)

peers: $(NPM)/node_modules/.ready ## foreign software that the tests meet: Kannel, sipp, tshark, npm's smpp and xlsx, PostgreSQL
	@command -v bearerbox >/dev/null || $(call apt,kannel)
	@command -v tshark >/dev/null || $(call apt,tshark)
	@command -v sipp >/dev/null || $(call apt,sip-tester)
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
	  || $(call apt,postgresql)

$(NPM)/node_modules/.ready: $(NPM)/package-lock.json
	@command -v npm >/dev/null || $(call apt,nodejs npm)
	@cd $(NPM) && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

clean: ## remove what make made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .demo $(NPM)/node_modules

# Install a Debian package, or say which one is wanted.
define apt
{ if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install $(1) >/dev/null; \
  else echo "please install $(1) (apt-get install $(1))" >&2; exit 2; fi; }
endef
