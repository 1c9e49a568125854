# Two commands: `make chat` and `make test`. Both set up a virtual environment in .venv first, once.
# PYTHON, PORT and Q can be given on the command line: make chat PORT=8000 PYTHON=python3.12

PYTHON ?= python3
PORT ?= 7860
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check

# Nothing is fetched and nothing is reported at run time.
export HF_HUB_OFFLINE := 1
export TRANSFORMERS_OFFLINE := 1
export GRADIO_ANALYTICS_ENABLED := False
export ANONYMIZED_TELEMETRY := False

# The question goes through the environment as it was typed, so that neither make nor the shell reads its $ and quotes.
unexport Q
ask: export QUESTION := $(value Q)

.DEFAULT_GOAL := help
.PHONY: help setup chat ask question test bench clean

help: ## list the targets
	@echo "Footnote: answers from your own documents, each with the exact words it rests on."
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '%-12s  %s\n' "$$name" "$$text"; done

setup: .venv/.installed ## create .venv and install Footnote into it (Python 3.11+, once)

.venv/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Footnote needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1)." >&2; \
		echo "Name another one: make setup PYTHON=python3.12" >&2; exit 2; }
	@echo "Creating .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@echo "Installing Footnote and its libraries into .venv (a few minutes, once)"
	@$(PIP) -e '.[dev]'
	@touch $@

chat: setup ## index corpus/ and open the chat page on http://127.0.0.1:7860 (PORT=…)
	@echo "Indexing corpus/ (what has not changed is not read again)"
	@$(BIN)/footnote ingest corpus/
	@echo "Serving the chat page on http://127.0.0.1:$(PORT) (Ctrl-C ends it)"
	@$(BIN)/footnote chat --port $(PORT)

ask: question setup ## print one answer: make ask Q="Which fields does Li Yuju name?"
	@echo "Indexing corpus/ (what has not changed is not read again)" >&2
	@$(BIN)/footnote ingest corpus/ >&2
	@$(BIN)/footnote ask -- "$$QUESTION"

question: # stands before setup: who forgot the question should not wait for it
	@case "$$QUESTION" in *[![:space:]]*) ;; *) \
		echo 'There is no question. Write: make ask Q="Which fields does Li Yuju name?"' >&2; exit 2;; esac

test: setup ## check style and types, run the tests
	@echo "Checking style (ruff)"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "Checking types (mypy)"
	@$(BIN)/mypy
	@echo "Running the tests (pytest)"
	@$(BIN)/pytest

bench: .venv/.bench ## install the pipelines of others and say how to run them beside Footnote
	@echo "Footnote beside other pipelines (DATA is the folder of the public data, also FOOTNOTE_BENCH_DATA):"
	@echo "  $(BIN)/python -m eval.peers --data DATA"
	@echo "  $(BIN)/python -m eval.throughput --data DATA"

.venv/.bench: pyproject.toml .venv/.installed
	@echo "Installing the other pipelines into .venv"
	@$(PIP) -e '.[bench]'
	@touch $@

clean: ## remove .venv and caches; your index is kept
	@echo "Removing .venv and caches (the index in .footnote/ is kept)"
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
