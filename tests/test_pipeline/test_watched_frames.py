from mmengine.config import Config

from s2d_plugins.pipeline.parts import build_refiner
from s2d_plugins.pipeline.watched_frames import WatchedFrames, part_of
from s2d_plugins.registry import TASK_UTILS


def told():
    calls = []
    return calls, lambda done, total: calls.append((done, total))


def test_the_second_of_three_parts():
    calls, progress = told()
    second = part_of(progress, 1, 3)
    second(0, 4)
    second(3, 4)
    assert calls == [(4, 12), (7, 12)]


def test_parts_of_parts():
    calls, progress = told()
    part_of(part_of(progress, 1, 2), 1, 2)(1, 2)
    assert calls == [(7, 8)]


def test_frames_tell_when_a_later_one_is_reached():
    calls, progress = told()
    frames = WatchedFrames(['a', 'b', 'c'], progress)
    assert len(frames) == 3
    assert [frames[index] for index in (1, 0, 1, 2)] == ['b', 'a', 'b', 'c']
    assert calls == [(2, 3), (3, 3)]


@TASK_UTILS.register_module()
class ReadsEach:
    def __call__(self, frames, tubes):
        return [*tubes, ''.join(frames[index] for index in range(len(frames)))]


@TASK_UTILS.register_module()
class ReadsNothing:
    def __call__(self, frames, tubes):
        return [*tubes, 'none']


def test_refiners_tell_how_far_they_are():
    cfg = Config(dict(refinement=[dict(type='ReadsEach'), dict(type='ReadsNothing')]))
    calls, progress = told()
    assert build_refiner(cfg, 'refinement')(['a', 'b'], [], progress) == ['ab', 'none']
    assert calls == [(1, 4), (2, 4), (2, 4), (4, 4)]
