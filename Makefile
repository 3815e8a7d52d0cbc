# Jauap: `make` alone prints this list.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check bench setup tools clean

help: ## print this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: setup tools ## play a conversation of citizens against the whole service on this machine
	@$(BIN)/jauap demo

test: setup tools ## run every test
	@$(BIN)/pytest -q -n $(WORKERS) --dist loadfile

check: setup tools ## lint, types, layering, then every test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q -n $(WORKERS) --dist loadfile

bench: setup ## measure round trips beside bare loops in the same run, as ratios
	@$(BIN)/jauap bench

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

tools: ## programs beside Python: espeak-ng speaks the Kazakh prompts of the demo
	@command -v espeak-ng >/dev/null || $(call apt,espeak-ng)

clean: ## remove what make made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .demo

# Install a Debian package, or say which one is wanted.
define apt
{ if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install $(1) >/dev/null; \
  else echo "please install $(1) (apt-get install $(1))" >&2; exit 2; fi; }
endef
