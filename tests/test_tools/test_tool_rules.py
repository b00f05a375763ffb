"""What holds for every tool, also for the next one."""

import ast
import re
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / 'tools'
ALL = sorted(TOOLS.rglob('*.py'))
#: Ways of a tool to say what it writes.
OUTPUTS = re.compile(r"'(--out|--out-dir|--work-dir|--statistics|target|folder)'")
#: Takes so long to import that Ctrl-C may come meanwhile.
HEAVY = {'torch', 'mmengine', 'mmdet', 'mmcv', 'cv2', 'numpy', 'scipy', 'tqdm'}

identify = pytest.mark.parametrize('path', ALL, ids=lambda path: path.stem)


@identify
def test_errors_are_told_by_run_tool(path):
    text = path.read_text(encoding='utf-8')
    assert 'run_tool(' in text and "if __name__ == '__main__':" in text


@identify
def test_outputs_are_checked_in_one_call(path):
    text = path.read_text(encoding='utf-8')
    if path.stem == 'run_s2d' or not OUTPUTS.search(text):  # the pipeline checks its work dir
        return
    assert len(re.findall(r'prepare_(?:outputs|work_dir)\(', text)) == 1


@identify
def test_nothing_heavy_is_imported_before_the_rule_for_errors(path):
    names = set()
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module.partition('.')[0])
        else:
            assert not isinstance(node, ast.With)
    assert not names & HEAVY
