# `make` alone lists the targets. Each sets up what it needs: virtual environment, packages, Prometheus.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PATH := $(CURDIR)/.cache/prometheus/usr/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo test lint format golden docs prove pins prometheus clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) prometheus ## the whole loop on this machine; ends with the report (ARGS="--duration 20", ARGS=--chaos)
	@$(BIN)/leadline demo $(ARGS); code=$$?; case $$code in 0|1|4) ;; *) exit $$code;; esac

test: lint prometheus ## everything that must hold: lint, types, layers, tests
	@sh .ci/tools
	@$(BIN)/pytest $(ARGS)

lint: $(READY) ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy leadline tests benchmarks evidence && $(BIN)/lint-imports

format: $(READY) ## format the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

golden: $(READY) ## rewrite tests/golden/ and k8s/manifests/ from the code; review the diff
	@LEADLINE_GOLDEN=write $(BIN)/pytest -q tests/golden

docs: $(READY) ## the documentation as a site, in build/docs; any warning fails (ARGS="-b linkcheck" checks links)
	@$(BIN)/sphinx-build -W --keep-going -q -b html $(ARGS) docs build/docs

prove: $(READY) prometheus ## long measurements; writes dated results into docs/
	@LEADLINE_ALL=1 $(BIN)/pytest -q tests/integration/test_profiles.py tests/alerts/test_any_catalog.py
	@$(BIN)/python -m evidence.fidelity --out docs/evidence/fidelity.md
	@$(BIN)/python -m evidence.faults --out docs/evidence/faults.md
	@$(BIN)/python -m evidence.checking --out docs/evidence/checking.md
	@$(BIN)/python -m evidence.replay --out docs/evidence/replay.md
	@$(BIN)/python -m evidence.replay.traffic --out docs/evidence/low-traffic.md
	@$(BIN)/leadline demo --chaos --out build/prove
	@$(BIN)/python -m evidence.mutation $(if $(BEFORE),--before $(BEFORE)) --out docs/evidence/mutation.md
	@$(if $(BEFORE),$(BIN)/python -m benchmarks.footprint --before $(BEFORE) --out docs/evidence/footprint.md,\
		$(BIN)/python -m benchmarks.footprint && \
		echo "docs/evidence/footprint.md was not written; BEFORE=DIR names a checkout of the version to compare with")
	@$(BIN)/python -m benchmarks.refresh --out docs/evidence/refresh.md
	@$(BIN)/python -m benchmarks.speed --out docs/evidence/speed.md
	@$(if $(BEFORE),$(BIN)/python -m benchmarks.generating --before $(BEFORE) --out docs/evidence/volume.md,\
		echo "docs/evidence/volume.md was not measured; BEFORE=DIR names a checkout of the version to compare with")

pins: $(READY) ## rewrite requirements.txt: every dependency, pinned with hashes
	@$(BIN)/pip install --quiet --disable-pip-version-check --root-user-action=ignore uv
	@{ sed '/^#/!Q' requirements.txt && echo 'hatchling>=1.25' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml - ; } >requirements.new
	@mv requirements.new requirements.txt

prometheus: ## Prometheus and Alertmanager with their tools, on PATH or in .cache/
	@sh .ci/prometheus

$(READY): pyproject.toml .ci/venv
	@sh .ci/venv $(VENV)
	@touch $@

clean: ## remove what was built
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
