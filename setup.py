"""Adds to the package what OpenMMLab's tools and an interpreter that starts look for."""

import os
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SHIPPED = ('configs', 'projects', 'tools', 'model-index.yml')
STARTUP = ROOT / 's2d_plugins/compat/startup'


class BuildWithMim(build_py):
    """Fill ``s2d_plugins/.mim`` as mmdet does, and put the start-up files into site-packages.

    An editable install gets links in the repository, and copies of the start-up files.
    """

    def run(self):
        super().run()
        self._fill_mim((ROOT if self.editable_mode else Path(self.build_lib)) / 's2d_plugins/.mim')
        beside_package = (self.get_finalized_command('install').install_lib
                          if self.editable_mode else self.build_lib)
        for name in ('s2d_startup.py', 's2d_startup.pth'):
            shutil.copyfile(STARTUP / name, Path(beside_package) / name)

    def _fill_mim(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in SHIPPED:
            source, target = ROOT / name, folder / name
            if target.is_symlink():
                target.unlink()
            if self.editable_mode and _link(target, source):
                continue
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True,
                                ignore=shutil.ignore_patterns('__pycache__', 'work_dirs'))
            else:
                shutil.copyfile(source, target)


def _link(target: Path, source: Path) -> bool:
    """Link to the source; False where the system allows no links."""
    try:
        target.symlink_to(os.path.relpath(source, target.parent))
    except OSError:
        return False
    return True


setup(cmdclass={'build_py': BuildWithMim})
