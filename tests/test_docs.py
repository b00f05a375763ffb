"""What the pages say of the code: every registered class is named, every page is in the site."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
import yaml
from mmengine.registry import Registry

import s2d_plugins
from s2d_plugins import registry

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / 'README.md', *ROOT.glob('docs/**/*.md'), ROOT / 'configs/README.md',
         *ROOT.glob('projects/**/*.md')]
FILE = re.compile(r'(?<![\w./-])(?:(?:configs|projects|tools|tests|s2d_plugins)/|s2d_plugins::)'
                  r'[\w./-]+\.(?:py|sh)\b')


@pytest.fixture(scope='module')
def registered() -> set[str]:
    """Names of the package's own classes in all registries."""
    for module in pkgutil.walk_packages(s2d_plugins.__path__, 's2d_plugins.'):
        importlib.import_module(module.name)
    kinds = [kind for kind in vars(registry).values() if isinstance(kind, Registry)]
    return {name for kind in kinds for name, part in kind.module_dict.items()
            if part.__module__.partition('.')[0] == 's2d_plugins'}


def test_every_registered_class_is_named_in_a_page(registered):
    assert {'TemporalDropLoss', 'OpenCVFlowPrior', 'DAVISMetric'} <= registered
    words = set(re.findall(r'\w+', '\n'.join(page.read_text() for page in PAGES)))
    assert not sorted(registered - words), 'name these in the page of docs/ where they belong'


@pytest.mark.parametrize('page', [*PAGES, ROOT / 'CONTRIBUTING.md'],
                         ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_is_there(page):
    names = {name.replace('s2d_plugins::', 'configs/') for name in FILE.findall(page.read_text())}
    missing = sorted(name for name in names if 'NAME' not in name and not (ROOT / name).is_file())
    assert not missing


def test_every_public_package_imports_what_it_lists():
    for module in pkgutil.walk_packages(s2d_plugins.__path__, 's2d_plugins.'):
        loaded = importlib.import_module(module.name)
        missing = [name for name in getattr(loaded, '__all__', ()) if not hasattr(loaded, name)]
        assert not missing, f'{module.name}.__all__ lists {missing}'


def test_citation_names_paper_and_version():
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    assert citation['version'] == s2d_plugins.__version__
    paper = citation['preferred-citation']
    assert paper['url'].endswith('2512.14440') and len(paper['authors']) == 5
