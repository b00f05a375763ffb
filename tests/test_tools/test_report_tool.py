"""The report page at the end of a run, and by its own tool."""

import json
import re

from tiny_recipe import make_video, run

from s2d_plugins.pipeline import run as run_module


def read_note(folder):
    return json.loads((folder / 'stages/run.json').read_text())


def test_the_tool_makes_the_page_anew(finished, monkeypatch, capsys):
    (finished / 'out/report.html').unlink()
    monkeypatch.chdir(finished)
    assert run(monkeypatch, 'report', 'out') == 0
    assert capsys.readouterr().out.startswith('out/report.html: 1 videos, 1 overlays inside, ')
    assert '"state":"good"' in (finished / 'out/report.html').read_text()
    assert run(monkeypatch, 'report', 'videos') == 2
    assert 'error: videos: expected the work dir of' in capsys.readouterr().err


def test_a_run_that_ends_with_an_error_has_a_page_that_says_so(recipe, capsys, tmp_path):
    make_video(tmp_path / 'a.mp4', still=True)
    code, _, err = recipe(capsys, videos='a.mp4')
    note = read_note(tmp_path / 'out')
    assert code == 2 and 'no moving object' in note['error'] and note['error'] in err
    assert note['stage'] == 'keymasks' and note['ended']
    page = (tmp_path / 'out/report.html').read_text()
    assert re.search(r'"error":"stage keymasks: no moving object', page)


def test_a_page_that_fails_does_not_fail_the_run(recipe, capsys, tmp_path, monkeypatch):
    make_video(tmp_path / 'a.mp4')

    def fail(work_dir):
        raise RuntimeError('no page today')
    monkeypatch.setattr(run_module, 'write_report', fail)
    code, out, _ = recipe(capsys, '--stages', 'frames', videos='a.mp4')
    assert code == 0 and 'note: no report page: ' in out and 'no page today' in out


def test_after_an_interrupt_there_is_no_page(recipe, capsys, tmp_path, monkeypatch):
    make_video(tmp_path / 'a.mp4')

    def stop(context):
        raise KeyboardInterrupt
    monkeypatch.setitem(run_module._RUN, 'frames', stop)
    code, _, _ = recipe(capsys, '--stages', 'frames', videos='a.mp4')
    assert code == 130 and not (tmp_path / 'out/report.html').exists()
    assert read_note(tmp_path / 'out')['ended'] is None
