"""What mkdocs.yml calls: pages laid out as in the repository, and API pages made by walking it.

The package is read, never imported.
"""

import re
from functools import cache
from pathlib import Path, PurePosixPath

import griffe
from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
PACKAGE = 's2d_plugins'
SOURCES = ('README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/**/*', 'configs/**/*.md',
           'projects/**/*')
SHOWN = {'.md', '.jpg', '.png'}
LINK = re.compile(r'(?<!!)\[([^\]]+)\]\(([^)\s:#]+)(#[^)\s]*)?\)')
ROLE = re.compile(r':[a-z]+:`(~?)([\w.]+)`')


def on_config(config):
    """Append the API pages to the navigation."""
    config.nav.append({'API': [{name: f'api/{name}.md'} for name in api_pages()]})


def on_files(files, config):
    """Replace the files of docs/ by those of the repository, under their paths in it."""
    for file in list(files):
        if file.src_dir == config.docs_dir:
            files.remove(file)
    for path in sorted(path for pattern in SOURCES for path in ROOT.glob(pattern)):
        if path.suffix in SHOWN:
            files.append(File(path.relative_to(ROOT).as_posix(), str(ROOT), config.site_dir,
                              config.use_directory_urls))
    for name, text in api_pages().items():
        files.append(File.generated(config, f'api/{name}.md', content=text))


def on_page_markdown(markdown, page, files, **_):
    """Adapt the links of a page; see :func:`site_link`."""
    parts = re.split(r'(^```.*?^```)', markdown, flags=re.MULTILINE | re.DOTALL)
    for index in range(0, len(parts), 2):  # between code blocks
        parts[index] = LINK.sub(lambda link: site_link(link, page.file.src_uri, files),
                                parts[index])
    return ''.join(parts)


def site_link(link, source, files):
    """Lead a folder to its README; what only the repository has becomes plain text.

    A link that leads nowhere stays, so that the strict build names it.
    """
    text, target, anchor = link.groups()
    path = ((ROOT / source).parent / target).resolve()
    if not path.exists() or not path.is_relative_to(ROOT) or in_site(path, files):
        return link[0]
    if in_site(path / 'README.md', files):
        return f'[{text}]({PurePosixPath(target) / "README.md"}{anchor or ""})'
    return text


def in_site(path, files):
    return files.get_file_from_path(path.relative_to(ROOT).as_posix()) is not None


@cache
def api_pages():
    """Write one page per sub-package with public names, and one for the modules beside them."""
    pages = {PACKAGE: '\n\n'.join([f'# {PACKAGE}', *map(directive, modules())])}
    for folder in sorted(packages(), key=lambda folder: folder.path):
        pages[folder.path] = f'---\ntitle: {folder.path}\n---\n\n{directive(folder, level=1)}'
    return pages


def directive(module, level=2):
    """Return the lines that mkdocstrings replaces by what a module documents."""
    return f'::: {module.path}\n    options: {{heading_level: {level}}}\n'


@cache
def source():
    return griffe.load(PACKAGE, search_paths=[ROOT], allow_inspection=False)


def packages(folder=None):
    """Yield the sub-packages that say what they export, however deep."""
    for module in (folder or source()).modules.values():
        if module.is_init_module and not module.name.startswith('_'):
            if module.exports:
                yield module
            yield from packages(module)


def modules():
    """Return the modules beside the sub-packages."""
    return [module for name, module in sorted(source().modules.items())
            if not module.is_init_module and module.has_docstring and not name.startswith('_')]


@cache
def places():
    """Where the site shows a public name or method: ``Class.method`` to its full path."""
    found = {}
    for home in [*modules(), *packages()]:
        for name, item in home.members.items():
            if not item.is_public or item.is_module or not item.has_docstring:
                continue
            found.setdefault(name, f'{home.path}.{name}')
            if item.is_class:
                found.update((f'{name}.{member.name}', f'{found[name]}.{member.name}')
                             for member in item.members.values()
                             if member.is_public and member.has_docstring)
    return found


class DocstringRoles(griffe.Extension):
    """Links for Sphinx roles such as ``:class:`Name```, where the site shows the name."""

    def on_instance(self, *, obj, **_):
        """Rewrite one docstring."""
        if obj.docstring is not None:
            owner = obj if obj.is_class else obj.parent
            obj.docstring.value = ROLE.sub(
                lambda role: self.link(role, owner.name if owner else ''), obj.docstring.value)

    def link(self, role, owner):
        """Return Markdown for one role in the docstring of a class or of one of its members."""
        short, name = role.groups()
        parts = name.split('.')
        text = f'`{parts[-1] if short else name}`'
        for candidate in (f'{owner}.{name}', '.'.join(parts[-2:]), parts[-1]):
            if candidate in places():
                return f'[{text}][{places()[candidate]}]'
        return text
