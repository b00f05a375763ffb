"""One list of stage names: whoever names a stage takes it from there."""

import importlib
import subprocess
import sys
from pathlib import Path

from s2d_plugins.pipeline import stage_names
from s2d_plugins.pipeline.run import _RUN
from s2d_plugins.pipeline.stage_names import (
    PER_CLIP,
    SPARSE,
    STAGES,
    TRACKED,
    TRAININGS,
    WITH_MASKS,
)

ROOT = Path(__file__).parents[2]


def test_every_stage_is_run_and_of_one_kind():
    assert tuple(_RUN) == STAGES
    assert sorted((*PER_CLIP, *TRAININGS, stage_names.INFER)) == sorted(STAGES)
    assert set(WITH_MASKS) < set(STAGES) and set(SPARSE) < set(TRACKED) < set(WITH_MASKS)
    assert [stage for stage in STAGES if stage in WITH_MASKS] == list(WITH_MASKS)
    assert all(STAGES.index(labels) < STAGES.index(stage) for stage, labels in TRAININGS.items())


def test_the_tool_and_the_readme_have_the_same_names():
    shown = subprocess.run([sys.executable, ROOT / 'tools/run_s2d.py', '--help'], check=True,
                           capture_output=True, text=True).stdout
    assert f'some of: {", ".join(STAGES)}' in ' '.join(shown.split())
    table = (ROOT / 'projects/s2d/README.md').read_text().partition('| --- |')[2]
    rows = [line.split('|')[1].strip() for line in table.splitlines()[1:len(STAGES) + 1]]
    assert rows == [f'`{stage}`' for stage in STAGES]


def test_names_are_known_without_torch():
    code = ('import sys; from s2d_plugins.pipeline import STAGES; '
            'assert "torch" not in sys.modules; print(*STAGES)')
    shown = subprocess.run([sys.executable, '-c', code], check=True, capture_output=True,
                           text=True, cwd=ROOT).stdout
    assert tuple(shown.split()) == STAGES
    assert importlib.import_module('s2d_plugins.pipeline').STAGES is STAGES
