# make install   virtual environment .venv with the tested versions (once; again when they change)
# make demo      S2D on two sample clips, or on yours: make demo VIDEO=path
# make test      all tests        make lint    style        make doctor    what is there, what not
# make types     type check       make docs    the docs site, in build/site
# make browser   what the tests of the report page in a browser need (as root on Debian)
# make torchvision        a second environment, .venv-torchvision: what the first has no torchvision for
# make test-torchvision   the tests that need it
# make clean     caches           make distclean   caches and the environments

VENV := .venv
RUN := $(VENV)/bin/python
STAMP := $(VENV)/.installed
DOCS_STAMP := $(VENV)/.docs-installed
BROWSER_STAMP := $(VENV)/.browser-installed
TORCHVISION := .venv-torchvision
DEMO := work_dirs/demo
CLIPS := work_dirs/demo_videos
JOBS ?= auto

.PHONY: install demo test lint types docs browser torchvision test-torchvision doctor clean distclean

install: $(STAMP)

$(STAMP): setup.py setup.cfg pyproject.toml tools/misc/install.sh $(wildcard requirements/*.txt) \
		$(wildcard s2d_plugins/compat/startup/*)
	@PYTHON="$(PYTHON)" bash tools/misc/install.sh $(VENV)
	@touch $@

demo: install
ifdef VIDEO
	$(RUN) tools/run_s2d.py projects/s2d/configs/demo.py --videos "$(VIDEO)" --work-dir $(DEMO)
else
	@$(RUN) tools/misc/demo_videos.py $(CLIPS)
	$(RUN) tools/run_s2d.py projects/s2d/configs/demo.py --videos $(CLIPS) --work-dir $(DEMO)
endif

test: install
	$(RUN) -m pytest -n $(JOBS) --maxprocesses 8

lint: install
	$(RUN) -m ruff check .

types: install
	$(RUN) -m mypy

docs: install $(DOCS_STAMP)
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict

$(DOCS_STAMP): $(STAMP) requirements/docs.txt requirements/constraints.txt
	@$(RUN) -m pip install -q --disable-pip-version-check -c requirements/constraints.txt \
	    -r requirements/docs.txt
	@touch $@

browser: install $(BROWSER_STAMP)
	@bash tools/misc/chromium.sh

$(BROWSER_STAMP): $(STAMP) requirements/browser.txt requirements/constraints.txt
	@$(RUN) -m pip install -q --disable-pip-version-check -c requirements/constraints.txt \
	    -r requirements/browser.txt
	@touch $@

torchvision: $(TORCHVISION)/.installed

$(TORCHVISION)/.installed: $(STAMP) requirements/torchvision.txt tools/misc/torchvision.sh
	@bash tools/misc/torchvision.sh $(TORCHVISION) $(VENV)

# the tests that need a torchvision, and those of what it takes the place of
test-torchvision: torchvision
	$(TORCHVISION)/bin/python -m pytest -n $(JOBS) --maxprocesses 8 tests/with_torchvision \
	    tests/test_compat tests/test_proposals tests/test_doctor.py \
	    tests/test_tools/test_published_recipe.py

doctor: install
	@$(RUN) -m s2d_plugins.doctor

clean:
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -not -path './$(TORCHVISION)/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) $(TORCHVISION)
