"""What is broken: each tool with its valid inputs, and the kind of each."""

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import made_inputs as made
from .runner import ToolServer

CPU = ('--device', 'cpu')
RECIPE = ('pipeline.py', '--videos', 'videos', '--work-dir', 'out', *CPU)


@dataclass(frozen=True)
class Target:
    """One way to call a tool.

    Attributes:
        name: Its name in reports.
        tool: One of :data:`~.tools.TOOLS`.
        args: Its arguments; paths relative to the folder of the inputs.
        make: Writes the inputs.
        inputs: Pattern of paths to their kind, see :data:`~.mutations.KINDS`.
        outputs: Paths that the tool writes; they may be there already, as something else.
        writes_into: Folders of the inputs that the tool may change as well.
        weight: Share of the cases, relative to others.
        first: A tool and its arguments that are run before, so that its results are inputs too.
    """

    name: str
    tool: str
    args: tuple[str, ...]
    make: Callable[[Path], None]
    inputs: dict[str, str]
    outputs: tuple[str, ...] = ()
    writes_into: tuple[str, ...] = ()
    weight: float = 1
    first: tuple[str, ...] = ()


def _convert(name: str, layout: str, inputs: dict[str, str], *options: str, **settings) -> Target:
    return Target(f'convert {layout}', 'convert_dataset',
                  (name, 'data', '--out', 'out.json', *options), made.dataset(layout),
                  inputs, outputs=('out.json',), **settings)


TARGETS = [
    Target('validate_labels', 'validate_labels', ('labels.json', '--frames', 'frames'),
           made.labelled_frames, {'labels.json': 'json', 'frames': 'folder',
                                  'frames/*/*.jpg': 'image'}, weight=2),
    Target('merge', 'merge', ('labels', '--out', 'merged.json', '--max-one2x', '0.5'),
           made.label_files, {'labels/*.json': 'json', 'labels': 'folder'},
           outputs=('merged.json',), weight=2),
    Target('densify_labels', 'densify_labels',
           ('model.py', 'model.pth', 'labels.json', '--data-root', 'frames', '--out',
            'dense.json', *CPU), made.model,
           {'model.py': 'config', 'model.pth': 'checkpoint', 'labels.json': 'json',
            'frames': 'folder', 'frames/*': 'folder', 'frames/*/*.jpg': 'image'},
           outputs=('dense.json',), weight=2),
    Target('infer_video', 'infer_video',
           ('model.py', 'model.pth', 'video.mp4', '--out-dir', 'out', *CPU), made.model,
           {'model.py': 'config', 'model.pth': 'checkpoint', 'video.mp4': 'video'},
           outputs=('out',), weight=2),
    Target('infer_video of frames', 'infer_video',
           ('model.py', 'model.pth', 'frames/cat', '--out-dir', 'out', *CPU), made.model,
           {'frames/cat': 'folder', 'frames/cat/*.jpg': 'image'}, outputs=('out',)),
    Target('infer_video, real model', 'infer_video',
           ('model.py', 'model.pth', 'frames', '--out-dir', 'out', *CPU), made.real_model,
           {'model.py': 'config', 'model.pth': 'checkpoint'}, weight=1.5),
    Target('discover_keymasks', 'discover_keymasks',
           ('config.py', '--videos', 'videos', '--proposals', 'proposals', '--out', 'out'),
           made.discovery,
           {'config.py': 'config', 'videos/*.mp4': 'video', 'videos': 'folder',
            'videos/frames/*.png': 'image', 'proposals/*.json': 'json', 'proposals': 'folder'},
           outputs=('out',), weight=2),
    Target('propose_masks', 'propose_masks',
           ('config.py', '--videos', 'videos', '--out', 'out'), made.proposing,
           {'config.py': 'config', 'videos/*.mp4': 'video', 'videos': 'folder',
            'videos/frames/*.jpg': 'image'}, outputs=('out',)),
    Target('propose_masks from files', 'propose_masks',
           ('config.py', '--videos', 'videos', '--out', 'out'), made.precomputed,
           {'config.py': 'config', 'made/*.json': 'json', 'made': 'folder'}),
    Target('eval_vis', 'eval_vis', ('--gt', 'gt.json', '--results', 'results.json', '--out',
                                    'scores.json'), made.vis_results,
           {'gt.json': 'json', 'results.json': 'json'}, outputs=('scores.json',), weight=2),
    Target('eval_vis of proposals', 'eval_vis', ('--gt', 'gt.json', '--results', 'proposals'),
           made.vis_results, {'gt.json': 'json', 'proposals/*.json': 'json',
                              'proposals': 'folder'}),
    Target('eval_vis, lenient', 'eval_vis', ('--gt', 'gt.json', '--results', 'results.json',
                                             '--lenient'), made.vis_results,
           {'gt.json': 'json', 'results.json': 'json'}),
    Target('eval_davis', 'eval_davis',
           ('--gt', 'gt', '--results', 'results', '--task', 'unsupervised', '--sequences',
            'val.txt', '--out', 'scores.json', '--jobs', '1'), made.davis_results,
           {'gt': 'folder', 'results': 'folder', 'gt/*/*.png': 'image',
            'results/*/*.png': 'image', 'val.txt': 'text'}, outputs=('scores.json',), weight=2),
    Target('eval_davis, lenient', 'eval_davis',
           ('--gt', 'gt', '--results', 'results', '--task', 'semi-supervised', '--lenient',
            '--jobs', '1'), made.davis_results,
           {'results': 'folder', 'gt/*/*.png': 'image', 'results/*/*.png': 'image'}),
    _convert('youtube_vis_2019', 'youtube_vis', {
        'data/train.json': 'json', 'data/train/JPEGImages/*/*.jpg': 'image',
        'data/train/JPEGImages': 'folder'}, weight=1.5),
    _convert('uvo', 'uvo', {
        'data/VideoDenseSet/*.json': 'json', 'data/uvo_videos_dense_frames/*': 'folder',
        'data/uvo_videos_dense_frames/*/*.png': 'image'}, '--split', 'val', '--keep-classes'),
    _convert('davis2016', 'davis2016', {
        'data/Annotations/480p/*/*.png': 'image', 'data/JPEGImages/480p/*/*.jpg': 'image',
        'data/ImageSets/480p/*.txt': 'text', 'data/JPEGImages/480p': 'folder'},
        '--split', 'val'),
    _convert('davis2017', 'davis2017', {
        'data/Annotations/480p/*/*.png': 'image', 'data/JPEGImages/480p/*/*.jpg': 'image',
        'data/ImageSets/2017/*.txt': 'text', 'data/Annotations/480p/*': 'folder'},
        '--split', 'val'),
    _convert('mose', 'mose', {
        'data/train/Annotations/*/*.png': 'image', 'data/train/JPEGImages/*/*.jpg': 'image',
        'data/train/JPEGImages': 'folder'}),
    _convert('sa_v', 'sa_v_train', {
        'data/sav_000/*.json': 'json', 'data/sav_000/*.mp4': 'video', 'data/sav_000': 'folder'},
        '--frames', 'extracted', weight=1.5),
    _convert('sa_v', 'sa_v_val', {
        'data/Annotations_6fps/*/*/*.png': 'image', 'data/JPEGImages_24fps/*/*.jpg': 'image',
        'data/sav_val.txt': 'text', 'data/Annotations_6fps/*': 'folder'}),
    _convert('vipseg', 'vipseg_720p', {
        'data/*.json': 'json', 'data/panomasksRGB/*/*.png': 'image', 'data/images': 'folder'},
        '--split', 'val', weight=1.5),
    _convert('vipseg', 'vipseg_release', {
        'data/*.json': 'json', 'data/panomasks/*/*.png': 'image', 'data/val.txt': 'text'}),
    Target('convert videos', 'convert_dataset',
           ('videos', 'data', '--frames', 'extracted', '--out', 'out.json'), made.plain_videos,
           {'data/*.mp4': 'video', 'data': 'folder', 'data/frames/*.jpg': 'image'},
           outputs=('out.json', 'extracted')),
    Target('run_s2d', 'run_s2d', RECIPE, made.recipe,
           {'pipeline.py': 'config', 'training/*.py': 'config', 'videos/*.mp4': 'video',
            'videos': 'folder'},
           outputs=('out',), weight=1.5),
    Target('run_s2d, going on', 'run_s2d', RECIPE, made.recipe,
           {'out/stages/*.json': 'json', 'out/stages/*/*.json': 'json', 'out/*/*.json': 'json',
            'out/stages/*/*.pth': 'checkpoint', 'out/stages/frames/*/*.jpg': 'image',
            'out/stages/frames': 'folder', 'out/stages/proposals': 'folder',
            'out/stages/distill': 'folder', 'out/stages/*/config.py': 'config'},
           writes_into=('out',), weight=1.5, first=('run_s2d', *RECIPE)),
    Target('train', 'train', ('config.py', '--work-dir', 'run'), made.training,
           {'config.py': 'config', 'labels.json': 'json', 'frames/*/*.jpg': 'image',
            'frames/*': 'folder'}, outputs=('run',), weight=1.5),
    Target('train, real model', 'train', ('config.py', '--work-dir', 'run'), made.real_training,
           {'config.py': 'config'}, weight=0.7),
    Target('train from weights', 'train', ('config.py', '--work-dir', 'run', '--cfg-options',
                                           'load_from=model.pth'), made.training,
           {'model.pth': 'checkpoint'}),
    Target('train --resume', 'train', ('config.py', '--work-dir', 'run', '--resume',
                                       'made/iter_4.pth'), made.training,
           {'made/iter_4.pth': 'checkpoint'},
           first=('train', 'config.py', '--work-dir', 'made')),
    Target('test', 'test', ('config.py', 'model.pth', '--work-dir', 'run', '--out', 'found.pkl'),
           made.training,
           {'config.py': 'config', 'labels.json': 'json', 'model.pth': 'checkpoint',
            'frames/*/*.jpg': 'image'}, outputs=('run', 'found.pkl'), weight=1.5),
    Target('official_to_s2d', 'official_to_s2d', ('s2d.pth', 'ours.pth', '--branch', 'teacher'),
           made.official_checkpoint, {'s2d.pth': 'checkpoint'}, outputs=('ours.pth',)),
    Target('cutler_to_mmdet', 'cutler_to_mmdet', ('cutler.pth', 'ours.pth'),
           made.detector_checkpoint, {'cutler.pth': 'checkpoint'}, outputs=('ours.pth',)),
    Target('cutler_to_mmdet --reverse', 'cutler_to_mmdet', ('ours.pth', 'back.pth', '--reverse'),
           made.detector_checkpoint, {'ours.pth': 'checkpoint'}, outputs=('back.pth',),
           weight=0.5, first=('cutler_to_mmdet', 'cutler.pth', 'ours.pth')),
    Target('download_weights, by hand', 'download_weights',
           ('cuts3d_cascade', 'cutler_m2f_rn50', '--cache', 'cache'), made.fetched_weights,
           {'cache/*.pth': 'checkpoint'}, outputs=('cache/converted',), writes_into=('cache',)),
    Target('download_weights --for', 'download_weights',
           ('--for', 'pipeline.py', '--cache', 'cache'), made.recipe,
           {'pipeline.py': 'config', 'training/*.py': 'config'}, weight=0.5),
    Target('proposals_to_coco', 'proposals_to_coco',
           ('proposals', '--videos', 'videos', '--out', 'out'), made.discovery,
           {'proposals/*.json': 'json', 'proposals': 'folder', 'videos/*.mp4': 'video',
            'videos': 'folder', 'videos/frames/*.png': 'image'}, outputs=('out',)),
    Target('import_proposals', 'import_proposals',
           ('masks', '--videos', 'videos', '--out', 'out'), made.foreign_masks,
           {'masks/*.npz': 'text', 'masks/*/*.png': 'image', 'masks/frames': 'folder',
            'masks': 'folder', 'videos/*.mp4': 'video', 'videos/frames/*.jpg': 'image'},
           outputs=('out',)),
    Target('import_proposals of COCO', 'import_proposals',
           ('results.json', '--images', 'images.json', '--videos', 'videos', '--out', 'out'),
           made.foreign_results, {'results.json': 'json', 'images.json': 'json'},
           outputs=('out',)),
    Target('browse_proposals', 'browse_proposals',
           ('proposals', '--videos', 'videos', '--out', 'out'), made.discovery,
           {'proposals/*.json': 'json', 'proposals': 'folder', 'videos/*.mp4': 'video',
            'videos': 'folder', 'videos/frames/*.png': 'image'}, outputs=('out',)),
    Target('report', 'report', ('out',), made.recipe,
           {'out/stages/*.json': 'json', 'out/stages/*/*.json': 'json', 'out/*/*.json': 'json',
            'out/stages/frames/*/*.jpg': 'image', 'out/stages': 'folder'},
           outputs=('out/report.html',), writes_into=('out',), first=('run_s2d', *RECIPE)),
    Target('evaluate_stages', 'evaluate_stages', ('out', '--gt', 'gt', '--jobs', '1', '--out',
                                                  'scores'), made.stage_results,
           {'out/stages/*.json': 'json', 'out/stages/*/*.json': 'json', 'out/a/*.json': 'json',
            'gt/a/*.png': 'image', 'gt': 'folder', 'out': 'folder', 'out/stages': 'folder'},
           outputs=('scores.json', 'scores.md'), weight=1.5, first=('run_s2d', *RECIPE)),
    Target('evaluate_proposals', 'evaluate_proposals',
           ('--frames', 'frames', '--annotations', 'truth', '--config', 'config.py'),
           made.proposal_truth,
           {'frames/cat/*.jpg': 'image', 'truth/cat/*.png': 'image', 'frames': 'folder',
            'truth': 'folder', 'made/*.json': 'json', 'config.py': 'config'}),
]


class Templates:
    """The valid inputs of the targets, made once each.

    Args:
        folder: Where they are made.
    """

    def __init__(self, folder: Path):
        self._folder = folder.resolve()
        self._made: dict[tuple, Path] = {}
        self._lock = threading.Lock()

    def copy(self, target: Target, work: Path, server: ToolServer) -> None:
        """Copy a target's inputs into a new folder."""
        key = target.make, target.first
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(target, server)
        shutil.copytree(self._made[key], work, symlinks=True)

    def _make(self, target: Target, server: ToolServer) -> Path:
        folder = self._folder / f'inputs{len(self._made)}' / 'work'
        folder.mkdir(parents=True)
        target.make(folder)
        if target.first:
            outcome = server.run(target.first[0], target.first[1:], folder.parent)
            assert outcome.code == 0, f'{target.name}: {outcome.tail}'
        return folder
