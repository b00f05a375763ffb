"""Every wrong value that a constructor is given ends in one line, there and not later."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from s2d_plugins import arguments, registry
from s2d_plugins.apis import VideoSegmenter
from s2d_plugins.datasets import KeymaskDataset
from s2d_plugins.datasets.transforms import (
    ClipColorJitter,
    ClipCopyPaste,
    ClipRotate,
    DropEmptyKeymasks,
    KeymaskClipSample,
    PadClip,
)
from s2d_plugins.errors import S2DInputError
from s2d_plugins.evaluation import ClassAgnosticVISMetric, DAVISMetric
from s2d_plugins.evaluation.davis import evaluate_davis
from s2d_plugins.hooks import (
    CheckpointFitHook,
    ClipDrawingHook,
    CompileHook,
    ExactResumeHook,
    LossWeightScheduleHook,
    MotionPriorHook,
    NonFiniteLossHook,
    ScheduledMeanTeacherHook,
    TrackDrawingHook,
)
from s2d_plugins.hooks.schedules import Schedule
from s2d_plugins.keymasks import AgreementQuality, KeymaskDiscovery, KeymaskSupport, MaskVote
from s2d_plugins.labels.merging import write_label_sets
from s2d_plugins.models import (
    KeymaskEvidence,
    MeanProbabilityCascadeHead,
    SparseToDenseDistiller,
    SparseToDenseHead,
    SparseToDenseVideo,
    TemporalDropLoss,
    WeightedDiceLoss,
)
from s2d_plugins.models.window_inference import MaskResize, segment_video
from s2d_plugins.motion import CoTrackerPrior, MMFlowPrior, OpenCVFlowPrior
from s2d_plugins.motion.base_motion_prior import check_queries
from s2d_plugins.motion.warped_frames import WarpedFrames
from s2d_plugins.proposals import (
    DetectorProposer,
    EdgeRefiner,
    LearntMotion,
    LearntOutline,
    MaskCutProposer,
    MotionColorProposer,
    PartJoiner,
    PrecomputedProposals,
    ResidualMotion,
    StrayRemover,
)
from s2d_plugins.proposals.features import BackboneFeatures, MotionColorFeatures, TimmFeatures
from s2d_plugins.proposals.selection import select_proposals
from s2d_plugins.structures import KeymaskInstance, PointTracks

NAN, INF = float('nan'), float('inf')
NO_NUMBERS = ('1', [1], {}, True, NAN, INF, -INF, 1j)


class Unprintable:
    def __repr__(self):
        raise RuntimeError('no')


COUNT = (*NO_NUMBERS, 0, -1, 1.5, 2.0, Unprintable())
NATURAL = (*NO_NUMBERS, -1, 1.5)
SHARE = (*NO_NUMBERS, -0.01, 1.01)
POSITIVE = (*NO_NUMBERS, 0, -1e-9)
NOT_NEGATIVE = (*NO_NUMBERS, -1e-9)
FLAG = (None, 0, 1, 'yes', 'False', [])
PATH = (3, '', 'a\0b', ['a'], {})
CONFIG = ('A', 3, [], {}, dict(type=''), dict(kind='A'))
CHOICE = ('other', '', 3, ['cpu'], None)
NO_LIST = ('12', 3, {}, None)
DEVICE = ('gpu', 3.5, 'cuda:99', '', [], 'meta')

PRIOR = dict(type='OpenCVFlowPrior')
LOSS = dict(type='WeightedDiceLoss')
TRACKS = np.zeros((2, 3, 2), np.float32), np.ones((2, 3), bool)


def discovery(**settings):
    return KeymaskDiscovery(**{'motion_prior': PRIOR, **settings})


def maskcut(**settings):
    return MaskCutProposer(**{'extractor': dict(type='TimmFeatures'), **settings})


def backbone(**settings):
    return BackboneFeatures(**{'backbone': dict(type='ResNet'), **settings})


def segmenter(**settings):
    model = nn.Identity()
    model.segment_window = model.data_preprocessor = None
    return VideoSegmenter(**{'model': model, **settings})


def dropped(**settings):
    return TemporalDropLoss(**{'loss': LOSS, **settings})


def dataset(**settings):
    return KeymaskDataset(**{'ann_file': 'none.json', 'lazy_init': True, **settings})


def distiller(**settings):
    return SparseToDenseDistiller(**{'detector': dict(type='Nobody'), **settings})


def tube(**settings):
    return segment_video(None, 4, resize=MaskResize((2, 2)), **settings)


def detector(**settings):
    config = dict(model=dict(type='A'), test_pipeline=[dict(type='PackDetInputs')])
    return DetectorProposer(**{'config': config, 'checkpoint': __file__, **settings})


def merged(**settings):
    return write_label_sets([], 'none.json', **settings)


def hook(**settings):
    return MotionPriorHook(**{'videos': 'v', 'proposals': 'p', 'ann_file': 'a.json', **settings})


def instance(**settings):
    return KeymaskInstance(**{'masks': {}, **settings})


def drawing(**settings):
    return TrackDrawingHook(**{'out_dir': 'out', **settings})


def schedule(**settings):
    return Schedule(**{'end': 1.0, **settings})


def davis_scores(**settings):
    return evaluate_davis('none', 'none', **settings)


WRONG = {
    ClipColorJitter: dict(brightness=(*NOT_NEGATIVE, 1), contrast=(*NOT_NEGATIVE, 1), prob=SHARE,
                          pivot=CHOICE),
    ClipRotate: dict(max_angle=(*NOT_NEGATIVE, 181), prob=SHARE, fill=(*NATURAL, 256),
                     centre_range=(*NO_LIST, (), (0.5,), (-0.1, 0.5), (0.6, 0.4), (NAN, 1))),
    PadClip: dict(color=(*NO_LIST, (), (1, 2), (1, 2, 256), (1, 2, NAN), ('a', 'b', 'c'))),
    ClipCopyPaste: dict(prob=SHARE, scale_range=(
        *NO_LIST, (), (0.5,), (0.5, 1, 1), (0, 1), (0.5, 1.1), (0.9, 0.5), (NAN, 1), ('a', 'b'))),
    DropEmptyKeymasks: dict(min_area=COUNT),
    KeymaskClipSample: dict(
        num_frames=COUNT, frame_range=(*NATURAL, 1), choice=('x', 1),
        strides=(*NO_LIST, (), (0,), (1.5,), ('1',), (1, -1)), collect_video_keys=('id', [3])),
    dataset: dict(class_agnostic=FLAG, min_score=SHARE, max_one2x=SHARE, min_frames=COUNT),
    discovery: dict(
        motion_prior=CONFIG, grid_size=(*COUNT, 1, 256), visible_share=SHARE, candidate_share=SHARE,
        match_overlap=SHARE, one2x_overlap=SHARE, min_support=SHARE,
        visibility_eps=(*POSITIVE, 2), match_eps=(*POSITIVE, 2), match_eps_wide=(*POSITIVE, 2),
        visibility_min_samples=COUNT, match_min_samples=COUNT, match_min_samples_narrow=COUNT,
        one2x_frames=COUNT, wide_columns=NATURAL, narrow_columns=NATURAL, window=(*COUNT, 1),
        window_overlap=(*COUNT, 300), match_visible_only=FLAG, match_mutual=FLAG),
    OpenCVFlowPrior: dict(preset=CHOICE, max_size=(*COUNT, 15), fb_alpha=NOT_NEGATIVE,
                          fb_beta=NOT_NEGATIVE, flow_memory=NATURAL),
    MMFlowPrior: dict(config=(3, [], {}, dict(head=1), dict(model='RAFT'), 'none.py', 'a.yaml'),
                      checkpoint=PATH, device=DEVICE, max_size=(*COUNT, 15), size_divisor=COUNT,
                      batch_size=COUNT, half=FLAG, cache_dir=PATH),
    CoTrackerPrior: dict(mode=CHOICE, checkpoint=PATH, device=DEVICE, max_points=COUNT,
                         per_frame=FLAG, backward=FLAG, border=NOT_NEGATIVE,
                         window_len=(*COUNT, 1)),
    WarpedFrames: dict(videos=PATH),
    MotionColorProposer: dict(
        max_size=(*COUNT, 63), gaps=(*NO_LIST, (), (2, 3), (1, 0), (1, 2.5), ('1',)),
        regions=COUNT, window=(*COUNT, 3), min_motion=SHARE, min_area=SHARE, max_masks=COUNT,
        motion=CONFIG, main_levels=(*NO_LIST, (), (0.4, 0.4), (0.4, 0.4, 1), (0, 0.4, 0.4))),
    detector: dict(
        config=(3, [], {}, dict(head=1), dict(model='x'), 'none.py', 'a.yaml'), checkpoint=PATH,
        device=DEVICE, batch_size=COUNT, half=FLAG, score_thr=SHARE, max_masks=COUNT),
    MeanProbabilityCascadeHead: dict(drop_iou=SHARE),
    EdgeRefiner: dict(max_size=(*COUNT, 63), softness=POSITIVE),
    StrayRemover: dict(max_distance=(*NO_NUMBERS, -0.1), min_share=SHARE),
    ResidualMotion: dict(tolerance=POSITIVE), LearntMotion: dict(weights=(*PATH, None)),
    PartJoiner: dict(min_inside=SHARE),
    LearntOutline: dict(weights=(*PATH, None), max_size=(*COUNT, 63), threshold=SHARE,
                        colour_threshold=SHARE,
                        gaps=(*NO_LIST, (), (0,), (1.5,), ('1',), (True,))),
    PrecomputedProposals: dict(path=(*PATH, None)),
    maskcut: dict(extractor=(*CONFIG, None), tau=(*NO_NUMBERS, -0.1, 1), max_masks=COUNT,
                  refiner=CONFIG, min_area=SHARE),
    MotionColorFeatures: dict(
        grid=(*NO_LIST, (), (3,), (3, 1), (3, 4.5)), max_size=(*COUNT, 63),
        gaps=(*NO_LIST, (), (2, 3)), regions=COUNT, motion_weight=NOT_NEGATIVE, motion=CONFIG),
    TimmFeatures: dict(model=(None, 3, '', []), checkpoint=PATH, facet=CHOICE, image_size=COUNT,
                       batch_size=COUNT, device=DEVICE),
    backbone: dict(backbone=(*CONFIG, None), checkpoint=PATH, prefix=(None, 3, []),
                   image_size=COUNT, patch_size=COUNT, batch_size=COUNT, device=DEVICE),
    select_proposals: dict(proposals=()),
    dropped: dict(loss=(*CONFIG, None), num_points=COUNT),
    WeightedDiceLoss: dict(loss_weight=NOT_NEGATIVE, eps=POSITIVE),
    KeymaskEvidence: dict(unproven_weight=SHARE),
    AgreementQuality: dict(low_below=SHARE),
    KeymaskSupport: dict(min_share=SHARE),
    MaskVote: dict(min_votes=COUNT, min_iou=SHARE),
    distiller: dict(
        detector=(*CONFIG, None), teacher_score_thr=SHARE, teacher_nms_iou=SHARE,
        teacher_max_instances=COUNT, supervised_loss_weight=NOT_NEGATIVE,
        teacher_loss_weight=NOT_NEGATIVE, predict_with=CHOICE),
    SparseToDenseVideo: dict(
        dense_masks=FLAG, test_cfg=(3, [], dict(threshold=1), dict(top_k=0), dict(window=3),
                                    dict(window=3, overlap=3))),
    SparseToDenseHead: dict(
        match_known_frames_only=FLAG, unmatched_queries=CONFIG, num_frames=COUNT,
        num_queries=COUNT, num_classes=COUNT, feat_channels=COUNT),
    tube: dict(window=(*COUNT, 1), overlap=NATURAL, top_k=COUNT, score_thr=SHARE,
               tube_nms_iou=SHARE, link_iou=SHARE, max_lost=NATURAL),
    segmenter: dict(model=(None, nn.Identity()), top_k=COUNT, score_thr=SHARE, link_iou=SHARE,
                    scale=(*NO_LIST, (), (3,), (3, 0), (3, 'a'), (3, NAN)), threshold=(1,),
                    resize_backend=CHOICE),
    ClipDrawingHook: dict(interval=COUNT, score_thr=SHARE, max_instances=COUNT, name=PATH),
    NonFiniteLossHook: dict(max_in_a_row=COUNT),
    ExactResumeHook: dict(replay_data=FLAG),
    CheckpointFitHook: dict(may_differ=('cls', 3, None, [3])),
    CompileHook: dict(parts=('backbone', 3, None, [], [3]), backend=CHOICE,
                      mode=('fast', 3, '', [])),
    ScheduledMeanTeacherHook: dict(
        momentum=(*POSITIVE, 1, None, [], dict(start=0.1), dict(end=0.5, begin=3, steps=4),
                  dict(end=0.5, start='a'), dict(end=1.5), dict(end=0.1, mode='linear')),
        interval=COUNT, skip_buffer=FLAG),
    LossWeightScheduleHook: dict(
        supervised_loss_weight=(*NOT_NEGATIVE, None), teacher_loss_weight=(
            *NOT_NEGATIVE, dict(end=NAN), dict(end=1, start=-1), dict(end=1, mode='step'))),
    drawing: dict(out_dir=PATH, show=FLAG, wait_time=NOT_NEGATIVE, score_thr=SHARE),
    schedule: dict(end=NO_NUMBERS, start=NO_NUMBERS, begin=NATURAL, stop=NATURAL, mode=CHOICE),
    hook: dict(videos=PATH, proposals=PATH, ann_file=PATH, out_dir=PATH, motion_prior=CONFIG,
               discovery=(3, []), max_one2x=SHARE, min_keymasks=COUNT),
    ClassAgnosticVISMetric: dict(
        ann_file=PATH, format_only=FLAG, outfile_prefix=PATH, lenient=FLAG, collect_device=CHOICE,
        prefix=(3, [])),
    DAVISMetric: dict(gt_dir=(*PATH, None)),
    davis_scores: dict(task=CHOICE, jobs=COUNT),
    merged: dict(max_one2x=SHARE, min_keymasks=COUNT),
    instance: dict(masks=(3, []), one2x=SHARE),
    MaskResize: dict(out_size=(*NO_LIST, (), (3,), (3, 0), (3, 1.5))),
}
CASES = [pytest.param(make, name, values, id=f'{make.__name__}-{name}')
         for make, wrong in WRONG.items() for name, values in wrong.items()]


@pytest.mark.parametrize(('make', 'name', 'values'), CASES)
def test_wrong_values_are_told_at_once(make, name, values, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for value in values:
        with pytest.raises(S2DInputError) as info:
            make(**{name: value})
        message = str(info.value)
        assert '\n' not in message and '\0' not in message and len(message) < 250
        # what is wrong within a dict is told by its own name
        told = [name, *(value if isinstance(value, dict) else ()), 'Schedule', 'none.py', 'a.yaml']
        assert any(str(word) in message for word in told), message


def test_further_arguments_where_others_are_needed(tmp_path):
    (tmp_path / 'gt' / 'a').mkdir(parents=True)
    for wrong in (dict(results_dir=3), dict(lenient=1), dict(jobs=0), dict(jobs=1.5),
                  dict(collect_device='disk'), dict(prefix=3)):
        with pytest.raises(S2DInputError, match=f'DAVISMetric: expected {next(iter(wrong))} to be'):
            DAVISMetric(str(tmp_path / 'gt'), **wrong)
    for wrong in (dict(size=3), dict(size=(4, 4)), dict(length=0), dict(stride=0), dict(seed=-1),
                  dict(max_shift=-1), dict(held_out=1)):
        with pytest.raises(S2DInputError, match='WarpedFrames: expected'):
            WarpedFrames('none', **wrong)
    for wrong in (dict(min_score=2), dict(max_containment=NAN)):
        with pytest.raises(S2DInputError, match='select_proposals: expected'):
            select_proposals([], **wrong)
    with pytest.raises(S2DInputError, match='stop to be after begin=3 in a linear schedule'):
        Schedule(1.0, 0.0, begin=3, stop=3, mode='linear')


def test_every_registered_class_is_among_them():
    modules = [registry.MODELS, registry.TASK_UTILS, registry.DATASETS, registry.TRANSFORMS,
               registry.HOOKS, registry.METRICS, registry.VISUALIZERS, registry.OPTIM_WRAPPERS,
               registry.MASK_PROPOSERS, registry.FEATURE_EXTRACTORS, registry.MOTION_PRIORS]
    for kind in modules:
        kind.import_from_location()
    tried = {make.__name__ for make in WRONG} | {
        'KeymaskDataset', 'SparseToDenseDistiller', 'TemporalDropLoss', 'MotionPriorHook',
        'TrackDrawingHook', 'DetectorProposer', 'MaskCutProposer', 'BackboneFeatures'}
    registered = {name for kind in modules for name, part in kind.module_dict.items()
                  if part.__module__.startswith('s2d_plugins.')}
    without_arguments = {  # of their own
        'LoadKeymasks', 'KeymaskResize', 'BFloat16OptimWrapper', 'StudentOptimWrapperConstructor',
        'ClipDataPreprocessor', 'SizedPixelDecoder',
        'RankedRPNHead'}
    assert registered - tried - without_arguments == set(), 'add the class to WRONG'


def test_the_package_raises_no_plain_errors_at_wrong_values():
    allowed = {  # what no user gives
        'compat.py', 'mmcv_ops.py', 'plain_ops.py', 'doctor.py', 'json_items.py',
        'base_motion_prior.py', 'images.py'}
    found = []
    for path in sorted(Path(arguments.__file__).parent.rglob('*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and getattr(
                    node.exc.func, 'id', '') in (
                    'ValueError', 'TypeError', 'KeyError', 'RuntimeError', 'Exception'):
                found.append(f'{path.name}:{node.lineno}')
    found = [place for place in found if place.partition(':')[0] not in allowed]
    assert not found, 'raise S2DInputError instead'


@pytest.mark.parametrize('bad', [
    dict(xy=TRACKS[0].tolist()), dict(visible=None), dict(xy=TRACKS[0][0]),
    dict(visible=TRACKS[1].astype(int)), dict(xy=TRACKS[0].astype(str)),
    dict(xy=np.full_like(TRACKS[0], NAN)), dict(xy=TRACKS[0].astype(int))])
def test_tracks_that_are_none(bad):
    with pytest.raises(S2DInputError):
        PointTracks(**{'xy': TRACKS[0], 'visible': TRACKS[1], **bad})


@pytest.mark.parametrize('queries', [3, [], [[1, 2]], [['a', 'b', 'c']], [[0, NAN, 0]], [[9, 0, 0]],
                                     [[-1, 0, 0]], [[0, 1, 2], [0]], None])
def test_queries_that_are_none(queries):
    with pytest.raises(S2DInputError):
        check_queries(queries, 3)


def test_good_values_of_every_kind_pass():
    owner = 'a test'
    arguments.check_count(owner, a=1, b=np.int64(3), c=None, optional=True)
    arguments.check_number(owner, a=0, b=np.float32(0.5), c=1e-30, low=0, below=1)
    arguments.check_share(owner, a=0, b=1, c=0.5)
    arguments.check_flag(owner, a=True, b=np.bool_(False))
    arguments.check_path(owner, a='b', c=None, optional=True)
    assert arguments.items_of(owner, 'a', (3, 4), length=2) == {'a[0]': 3, 'a[1]': 4}
    assert arguments.items_of(owner, 'a', [], least=0) == {}


@pytest.mark.parametrize(('check', 'message'), [
    (lambda: arguments.check_count('X', a=0), 'X: expected a to be an integer of at least 1, '
     'found 0; correct it'),
    (lambda: arguments.check_count('X', a=9, low=2, high=5), 'an integer from 2 to 5, found 9'),
    (lambda: arguments.check_number('X', a=0, above=0, high=1), 'a number above 0 and of at most '
     '1, found 0'),
    (lambda: arguments.check_number('X', a='1', optional=True), "a number or None, found '1'"),
    (lambda: arguments.check_choice('X', ('a', 'b', 'c'), d='e'), "'a', 'b' or 'c', found 'e'"),
    (lambda: arguments.check_choice('X', ('a',), d='e'), "to be 'a', found 'e'"),
    (lambda: arguments.check_flag('X', a=Unprintable()), 'found a Unprintable (RuntimeError)'),
    (lambda: arguments.check_path('X', a='\x1b[1m' * 100), 'X: nothing wrong'),
])
def test_messages(check, message):
    if message.endswith('nothing wrong'):
        check()
        return
    with pytest.raises(S2DInputError) as info:
        check()
    assert message in str(info.value)


def test_values_from_files_and_terminals_do_not_act_on_the_terminal():
    with pytest.raises(S2DInputError) as info:
        arguments.check_choice('X', ('a',), b='\x1b]0;title\x07\n' * 50)
    assert '\x1b' not in str(info.value) and len(str(info.value)) < 150


def test_the_same_values_come_through_configs():
    """A ConfigDict is a dict, and a list of a config a list."""
    from mmengine.config import Config

    from s2d_plugins.registry import TRANSFORMS
    text = json.dumps(dict(type='KeymaskClipSample', strides=[1, 2]))
    cfg = Config.fromstring(f'step = {text}', '.py')
    assert TRANSFORMS.build(cfg.step).strides == (1, 2)
    cfg.step.strides = 'x'
    with pytest.raises(S2DInputError, match='KeymaskClipSample: expected strides'):
        TRANSFORMS.build(cfg.step)
