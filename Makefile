# ARGS reaches the command: make test ARGS="-k breaker". UPGRADE=--upgrade makes `make lock` take newer releases.
PYTHON ?= python3
ARGS ?=
UPGRADE ?=
RUN := .venv/bin/python
WORDS := gemini_pool/web/translations

# Four at a time, since most of them wait more than they work; and each of them in two parts, so that all take
# about as long.
ALL := { $(RUN) -m pytest tests/process/test_[a-g]*.py && $(RUN) -m pytest tests/store tests/simulator; } & some=$$!; \
	{ $(RUN) -m pytest tests/process/test_[h-z]*.py && $(RUN) -m pytest tests/unit; } & more=$$!; \
	{ $(RUN) -m pytest tests/browser tests/clients && $(RUN) -m pytest tests/test_*.py; } & pages=$$!; \
	$(RUN) -m pytest tests/http; others=$$?; \
	wait $$some && wait $$more && wait $$pages && exit $$others

.DEFAULT_GOAL := help
.PHONY: help demo run check test held long bench lock readme translations clean runtime dev

help: ## list these targets
	@sed -nE 's/^([a-z]+):.* ## (.*)/make \1\t\2/p' Makefile | expand -t 14

demo: runtime ## simulator, seeded accounts and the server in one; prints an address, a key and a curl line
	@$(RUN) -m gemini_pool demo $(ARGS)

run: runtime ## the server alone, settings from the environment
	@.venv/bin/gunicorn -c gunicorn.conf.py wsgi:app $(ARGS)

check: dev ## lint, format and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

test: dev ## all tests, four kinds of them side by side; ARGS runs some: make test ARGS="-k breaker"
	$(if $(ARGS),$(RUN) -m pytest $(ARGS),$(ALL))

held: dev ## the test of five hundred streams held for a minute; wants a quiet machine
	$(RUN) -m pytest -m held -rs $(ARGS)

long: dev ## the tests that take ten seconds and more
	$(RUN) -m pytest -m long $(ARGS)

bench: dev ## speed as a ratio to a bare pass-through; ARGS=held holds hundreds of streams instead
	@$(RUN) -m bench $(ARGS)

readme: runtime ## write the table of settings into README.md, and the generated pages of docs/
	@$(RUN) -m gemini_pool settings --write README.md
	@$(RUN) -m gemini_pool file-types --write docs/file-types.md
	@$(RUN) -m gemini_pool.api_page docs/admin-api.md

translations: dev ## collect what the console says, and compile what the catalogues say of it in other languages
	@mkdir -p build
	.venv/bin/pybabel -q extract -F $(WORDS)/babel.cfg -k _l -k t -k tn:1,2 -k knob:4 --no-wrap --sort-by-file \
		--add-location=file --project=gemini_pool -o build/messages.pot .
	.venv/bin/pybabel -q update -i build/messages.pot -d $(WORDS) --no-wrap --ignore-obsolete --no-fuzzy-matching
	.venv/bin/pybabel -q compile -d $(WORDS)

# --allow-unsafe: with hashes, pip refuses a lock that leaves pip and setuptools unpinned.
# Compile with the oldest Python supported, 3.11: newer ones need fewer packages, never more.
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/pip-compile --quiet --generate-hashes --allow-unsafe \
	--strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(UPGRADE)

lock: dev ## recompile both lock files from pyproject.toml
	$(COMPILE) --output-file requirements.txt pyproject.toml
	$(COMPILE) --all-extras --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

clean: ## remove .venv, build and caches; data stays
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .coverage htmlcov *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

runtime:
	@PYTHON="$(PYTHON)" scripts/venv requirements.txt

dev:
	@PYTHON="$(PYTHON)" scripts/venv requirements-dev.txt
