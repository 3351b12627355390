# Every target is idempotent: what is already there is not made again.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODEL := smollm2-135m

.PHONY: help setup demo test lint unit vsix bench model dev system editors clean

help:  ## Show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/.installed model  ## Make .venv with the linewise command, and the default model

demo: setup  ## Score an example file
	$(BIN)/linewise check examples/inventory.py

test: dev system editors model lint  ## Set up and run every check and test
	npm --prefix vscode-extension test --silent
	$(BIN)/pytest

lint: dev $(VENV)/.npm  ## Ruff, mypy, ESLint, tsc, prettier
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	npm --prefix vscode-extension run --silent lint

unit: dev model  ## The tests that need no editor
	$(BIN)/pytest -m "not e2e"

vsix: dev $(VENV)/.npm  ## Build dist/linewise.vsix with the server's wheel inside
	rm -rf vscode-extension/bundled
	$(BIN)/python -m build --wheel --outdir vscode-extension/bundled .
	cp constraints.txt vscode-extension/bundled/
	npm --prefix vscode-extension run --silent package

bench: dev model  ## Measure the budgets; results go to benchmarks/results
	$(BIN)/python -m benchmarks

dev: $(VENV)/.dev

model: $(VENV)/.installed
	@$(BIN)/linewise models pull $(MODEL) --quiet

system:  ## Install the Debian packages that the editor tests need
	@.ci/system-packages

editors: dev $(VENV)/.npm
	@tests/e2e/install_vscode.sh >/dev/null

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

$(VENV)/.npm: vscode-extension/package-lock.json
	npm --prefix vscode-extension ci --ignore-scripts --no-audit --no-fund --silent
	mkdir -p $(VENV) && touch $@

clean:  ## Remove what the other targets made (the model cache stays)
	rm -rf $(VENV) vscode-extension/node_modules vscode-extension/dist vscode-extension/bundled vscode-extension/out
