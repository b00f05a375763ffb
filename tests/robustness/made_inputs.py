"""Small valid inputs of every tool, made in a folder: a bright square on dark ground."""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from pycocotools import mask as coco_mask

from .tools import MODULE_FOLDERS

sys.path += [str(folder) for folder in MODULE_FOLDERS if str(folder) not in sys.path]

SIZE = (48, 64)
LENGTH = 6
IMPORTS = "custom_imports = dict(imports=['robust_models'], allow_failed_imports=False)\n"
MODEL = IMPORTS + '''default_scope = 's2d_plugins'
model = dict(type='BrightSegmenter', data_preprocessor=dict(
    type='TrackDataPreprocessor', mean=[0, 0, 0], std=[255, 255, 255], bgr_to_rgb=True,
    pad_size_divisor=32))
test_pipeline = [dict(type='TransformBroadcaster', transforms=[
    dict(type='LoadImageFromFile'), dict(type='Resize', scale=(64, 64), keep_ratio=True)])]
inference = dict(score_thr=0.5, window=4, overlap=2, top_k=5)
'''
TESTING = '''
test_dataloader = dict(
    batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='KeymaskDataset', ann_file='labels.json', data_prefix=dict(img_path=''),
                 test_mode=True, pipeline=[
        dict(type='TransformBroadcaster', transforms=[dict(type='LoadImageFromFile')]),
        dict(type='PackTrackInputs')]))
test_evaluator = dict(type='ClassAgnosticVISMetric', ann_file='labels.json')
test_cfg = dict(type='TestLoop')
'''
DISCOVERY = '''default_scope = 's2d_plugins'
discovery = dict(motion_prior=dict(type='OpenCVFlowPrior'), grid_size=16)
'''
PROPOSER = '''default_scope = 's2d_plugins'
proposer = dict(type='MotionColorProposer')
'''


def square(frame: int) -> np.ndarray:
    """(H, W) bool mask of the square in a frame."""
    mask = np.zeros(SIZE, bool)
    mask[14:32, 3 + 2 * frame:21 + 2 * frame] = True
    return mask


def encode(mask: np.ndarray) -> dict:
    """RLE of a mask as JSON takes it."""
    rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return dict(size=list(mask.shape), counts=rle['counts'].decode())


def image(frame: int) -> np.ndarray:
    """(H, W, 3) uint8 frame: texture, so that motion can be seen."""
    rng = np.random.default_rng(0)
    ground = rng.integers(0, 100, (*SIZE, 3), np.uint8)
    bright = rng.integers(180, 255, (18, 18, 3), np.uint8)
    ground[14:32, 3 + 2 * frame:21 + 2 * frame] = bright
    return ground


def write_json(path: Path, content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_image(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def write_frames(folder: Path, length: int = LENGTH, suffix: str = '.jpg') -> list[str]:
    """Write frames; returns their names."""
    names = [f'{frame:05d}{suffix}' for frame in range(length)]
    for frame, name in enumerate(names):
        write_image(folder / name, image(frame))
    return names


def labels(names: dict[str, list[str]], **extra) -> dict:
    """Labels of videos that each show the square; ``names`` has the frames of each."""
    videos, annotations = [], []
    for number, (name, files) in enumerate(names.items(), start=1):
        masks = [encode(square(frame)) for frame in range(len(files))]
        videos.append(dict(id=number, name=name, height=SIZE[0], width=SIZE[1],
                           length=len(files), file_names=[f'{name}/{file}' for file in files]))
        annotations.append(dict(
            id=number, video_id=number, category_id=1, iscrowd=0, height=SIZE[0], width=SIZE[1],
            length=len(files), segmentations=masks[:-1] + [None],
            bboxes=[coco_mask.toBbox(mask).tolist() for mask in masks[:-1]] + [None],
            areas=[float(coco_mask.area(mask)) for mask in masks[:-1]] + [None], **extra))
    return dict(videos=videos, annotations=annotations,
                categories=[dict(id=1, name='object')])


def proposals(name: str, length: int = LENGTH) -> dict:
    """Proposals of a video: the square and everything."""
    return dict(video=name, height=SIZE[0], width=SIZE[1], frames=[
        [dict(segmentation=encode(square(frame)), score=0.9),
         dict(segmentation=encode(np.ones(SIZE, bool)), score=0.1)] for frame in range(length)])


def labelled_frames(folder: Path) -> None:
    """Frames of two videos and ``labels.json``."""
    names = {name: write_frames(folder / 'frames' / name) for name in ('cat', 'dog')}
    write_json(folder / 'labels.json', labels(names))


def write_checkpoint(path: Path, **extra) -> None:
    """Weights of the bright segmenter."""
    torch.save(dict(state_dict=dict(weight=torch.ones(1)), **extra), path)


def write_video(path: Path, length: int = 14) -> None:
    from tiny_recipe import make_video
    make_video(path, length)


def model(folder: Path) -> None:
    """A model for inference, a video, and labelled frames."""
    labelled_frames(folder)
    (folder / 'model.py').write_text(MODEL)
    write_checkpoint(folder / 'model.pth', meta=dict(iter=4, epoch=0))
    write_video(folder / 'video.mp4', 8)


def real_model(folder: Path) -> None:
    """The small configuration of the real segmenter with seeded weights."""
    from mmengine.config import Config
    from small_model import build_small, small_config
    stage = 'final/final_small.py'
    config = small_config(stage)
    keep = ('default_scope', 'model', 'test_pipeline')
    Config({key: config[key] for key in keep if key in config}).dump(str(folder / 'model.py'))
    torch.save(dict(state_dict=build_small(stage).state_dict(), meta=dict(iter=4)),
               folder / 'model.pth')
    write_frames(folder / 'frames', 4)


def label_files(folder: Path) -> None:
    """One label file per video."""
    for name in ('cat', 'dog'):
        write_json(folder / f'labels/{name}.json', labels(
            {name: [f'{frame}.jpg' for frame in range(3)]}, one2x=0.2,
            visibility_ranges=[[0, 3]]))


def discovery(folder: Path) -> None:
    """Two videos with their proposals: a file and a folder of frames."""
    write_video(folder / 'videos/film.mp4', 8)
    write_frames(folder / 'videos/frames', 8, '.png')
    for name in ('film', 'frames'):
        write_json(folder / f'proposals/{name}.json', proposals(name, 8))
    (folder / 'config.py').write_text(DISCOVERY)


def proposing(folder: Path) -> None:
    """Two videos and the default proposer."""
    write_video(folder / 'videos/film.mp4', 3)
    write_frames(folder / 'videos/frames', 3)
    (folder / 'config.py').write_text(PROPOSER)


def precomputed(folder: Path) -> None:
    """Masks from outside, for frames that are there."""
    write_frames(folder / 'videos/frames', 3)
    write_json(folder / 'made/frames.json', proposals('frames', 3))
    (folder / 'config.py').write_text(
        "proposer = dict(type='PrecomputedProposals', path='made')\n")


def vis_results(folder: Path) -> None:
    """Ground truth, tracks and proposals."""
    names = [f'{frame}.jpg' for frame in range(3)]
    write_json(folder / 'gt.json', labels(dict(cat=names, dog=names)))
    write_json(folder / 'results.json', [
        dict(video_id=number, score=0.5, category_id=1,
             segmentations=[encode(square(frame)) for frame in range(3)]) for number in (1, 2)])
    for name in ('cat', 'dog'):
        write_json(folder / f'proposals/{name}.json', proposals(name, 3))


def davis_results(folder: Path) -> None:
    """Annotations and results of two sequences, indexed PNGs."""
    palette = [0, 0, 0, 128, 0, 0, 0, 128, 0]
    for name in ('cat', 'dog'):
        for frame in range(3):
            ids = square(frame).astype(np.uint8)
            ids[:5] = 2
            for kind in ('gt', 'results'):
                picture = Image.fromarray(ids).convert('P')
                picture.putpalette(palette)
                path = folder / kind / name / f'{frame:05d}.png'
                path.parent.mkdir(parents=True, exist_ok=True)
                picture.save(path)
    (folder / 'val.txt').write_text('cat\ndog\n')


def recipe(folder: Path, videos: tuple[str, ...] = ('a',)) -> None:
    """A pipeline config with its training configs, and videos."""
    from tiny_recipe import PIPELINE, TRAINING
    for name in videos:
        write_video(folder / f'videos/{name}.mp4', 10)
    (folder / 'training').mkdir()
    for name in ('distill', 'final'):
        (folder / f'training/{name}.py').write_text(IMPORTS + TRAINING)
    (folder / 'pipeline.py').write_text(
        IMPORTS + PIPELINE.replace("'OpenCVFlowPrior')", "'OpenCVFlowPrior'), grid_size=24"))


def training(folder: Path) -> None:
    """A training and testing config with data and a checkpoint of two steps."""
    from tiny_recipe import TRAINING
    labelled_frames(folder)
    text = (IMPORTS + TRAINING + TESTING).replace('none.json', 'labels.json')
    text = text.replace("img_path=''", "img_path='frames/'")
    (folder / 'config.py').write_text(text.replace('BrightSegmenter', 'PredictingSegmenter'))
    write_checkpoint(folder / 'model.pth', meta=dict(iter=2, epoch=0))


def real_training(folder: Path) -> None:
    """The small configuration of the distillation, for two steps."""
    from mmengine.config import Config
    from small_model import small_config
    labelled_frames(folder)
    config = small_config()
    dataset = config.train_dataloader.dataset
    dataset.update(data_root='', ann_file='labels.json', data_prefix=dict(img_path='frames/'))
    config.train_dataloader.update(num_workers=0, persistent_workers=False, batch_size=1)
    for step in dataset.pipeline[1].transforms:
        if step.type == 'RandomResize':
            step.scale = (64, 64)
    config.train_cfg.max_iters = 2
    config.model.detector.track_head.train_cfg.num_points = 100
    for name in ('val_dataloader', 'val_cfg', 'val_evaluator', 'test_dataloader', 'test_cfg',
                 'test_evaluator'):
        config.pop(name, None)
    Config(config.to_dict()).dump(str(folder / 'config.py'))


def stage_results(folder: Path) -> None:
    """A recipe, and annotations of its video."""
    recipe(folder)
    for frame in range(10):
        write_image(folder / f'gt/a/{frame:05d}.png', square(frame).astype(np.uint8) * 255)


def proposal_truth(folder: Path) -> None:
    """Frames, annotations, and a proposer that reads its masks."""
    precomputed(folder)
    (folder / 'videos').rename(folder / 'frames')
    (folder / 'made/frames.json').rename(folder / 'made/cat.json')
    (folder / 'frames/frames').rename(folder / 'frames/cat')
    for frame in range(3):
        write_image(folder / f'truth/cat/{frame:05d}.png', square(frame).astype(np.uint8) * 255)


def official_checkpoint(folder: Path) -> None:
    """A published checkpoint with narrow layers."""
    from official_files import as_detectron2, s2d_state
    torch.save(as_detectron2(s2d_state()), folder / 's2d.pth')


def detector_checkpoint(folder: Path) -> None:
    """The published detector with narrow layers."""
    from detector_files import detectron2_state
    torch.save(dict(model=detectron2_state()), folder / 'cutler.pth')


def fetched_weights(folder: Path) -> None:
    """A cache of published files that were fetched by hand, of both layouts."""
    from detector_files import detectron2_state
    from official_files import as_detectron2, mask2former_state
    (folder / 'cache').mkdir()
    torch.save(dict(model=detectron2_state()), folder / 'cache/cuts3d_cascade.pth')
    torch.save(as_detectron2(mask2former_state()), folder / 'cache/cutler_m2f_rn50.pth')


def foreign_masks(folder: Path) -> None:
    """Masks of another program for two videos: a folder of PNGs and an array."""
    write_video(folder / 'videos/film.mp4', 3)
    names = write_frames(folder / 'videos/frames', 3)
    for frame, name in enumerate(names):
        write_image(folder / 'masks/frames' / Path(name).with_suffix('.png'),
                    square(frame).astype(np.uint8) * 200)
    np.savez(folder / 'masks/film.npz', frames=np.arange(3), scores=np.full(3, 0.5),
             masks=np.array([square(frame) for frame in range(3)]))


def foreign_results(folder: Path) -> None:
    """COCO results of another program for the frames of a video."""
    names = write_frames(folder / 'videos/frames', 3)
    write_json(folder / 'images.json', dict(images=[
        dict(id=number, file_name=f'frames/{name}') for number, name in enumerate(names)]))
    write_json(folder / 'results.json', [
        dict(image_id=frame, category_id=1, score=0.5, segmentation=encode(square(frame)))
        for frame in range(3)])


def dataset(layout: str):
    """Return a maker of a data set in its own layout."""
    def make(folder: Path) -> None:
        import dataset_layouts
        getattr(dataset_layouts, layout)(folder / 'data')
    return make


def plain_videos(folder: Path) -> None:
    """A film and frames without labels."""
    write_video(folder / 'data/film.mp4', 4)
    write_frames(folder / 'data/frames', 3)
