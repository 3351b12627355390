# Every target is idempotent: what is already there is not made again.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODEL := smollm2-135m
DATA ?= ../shared/data

.PHONY: help setup demo test lint unit fuzz vsix pictures bench card model dev system editors clean

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

fuzz: dev model  ## 100,000 random inputs; the result goes to benchmarks/results/fuzz.json
	$(BIN)/python -m benchmarks.fuzz --inputs 100000

vsix: dev $(VENV)/.npm  ## Build dist/linewise.vsix with the server's wheel inside
	rm -rf vscode-extension/bundled
	$(BIN)/python -m build --wheel --outdir vscode-extension/bundled .
	cp constraints.txt vscode-extension/bundled/
	npm --prefix vscode-extension run --silent package

bench: dev model  ## Measure the budgets; results go to benchmarks/results
	$(BIN)/python -m benchmarks

pictures: dev editors model  ## Take the documentation's pictures of the editor again
	$(BIN)/pytest -q tests/e2e -k "pictures or test_vscode_report" --screenshots docs/img
	cp docs/img/vscode-light.png vscode-extension/media/readme/editor.png
	cp docs/img/vscode-explanation-light.png vscode-extension/media/readme/explanation.png

card: dev model  ## Train the probe and make every table of its card again; DATA=FOLDER
	$(BIN)/linewise lab embed --data $(DATA)
	$(BIN)/linewise lab train --data $(DATA) --out models/$(MODEL)
	$(BIN)/linewise lab predict --data $(DATA) --model $(MODEL)
	$(BIN)/linewise lab predict --data $(DATA) --model $(MODEL) --only linewise --out-of-fold
	$(BIN)/linewise lab calibrate linewise --data $(DATA) --model $(MODEL) --out models/$(MODEL)/calibration.json
	$(BIN)/linewise lab evaluate --subject linewise --diagrams .lab/diagrams
	cp .lab/diagrams/linewise.by-problem.none.line.svg models/$(MODEL)/reliability.svg
	$(BIN)/linewise lab mutations --data $(DATA) --folds 0-5
	$(BIN)/linewise lab curves --data $(DATA) --mutations .lab/mutations/mutations.parquet --part heads --part problems
	$(BIN)/linewise lab curves --data $(DATA) --part lines --out benchmarks/results/lines.json
	$(BIN)/linewise models pull $(MODEL) --layers 10,15,20,25,30 --name smollm2-deep --quiet
	$(BIN)/linewise lab curves --data $(DATA) --model smollm2-deep --seeds 1 --part problems --out benchmarks/results/depth.json
	$(BIN)/linewise lab adapt --data $(DATA) --limit 1000
	$(BIN)/python -m benchmarks.tables

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
