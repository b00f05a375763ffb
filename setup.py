"""Adds configs and tools to the built package, as OpenMMLab's packages do (folder ``.mim``)."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SHIPPED = ('configs', 'projects', 'tools')


class BuildWithConfigs(build_py):
    """Copy the folders that are no Python packages to ``s2d_plugins/.mim/``.

    An editable install needs no copy: there the repository is the place to find them.
    """

    def run(self):
        super().run()
        if self.editable_mode:
            return
        for name in SHIPPED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, Path(self.build_lib) / 's2d_plugins/.mim' / name,
                                ignore=shutil.ignore_patterns('__pycache__', 'work_dirs'),
                                dirs_exist_ok=True)


setup(cmdclass={'build_py': BuildWithConfigs})
