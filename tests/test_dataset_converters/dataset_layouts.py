"""A few frames of every dataset in its own layout: folders, JSON keys, palette images, mp4.

All sets show the same two rectangles in videos of 24 x 32 pixels (height x width): object 1 at
x = 3 + frame, y = 2 of 6 x 6 pixels, object 2 at x = 14, y = 12 of 10 x 8 pixels, which is not
there in frame 0.
"""

import json

import cv2
import numpy as np
from PIL import Image

from s2d_plugins.labels.indexed_png import write_indexed_png
from s2d_plugins.labels.rle import encode_mask

SIZE = (24, 32)
#: Per object the boxes (x, y, width, height) in frames 0, 1 and 2.
BOXES = [[[3, 2, 6, 6], [4, 2, 6, 6], [5, 2, 6, 6]],
         [None, [14, 12, 10, 8], [14, 12, 10, 8]]]


def mask(number, frame):
    """(H, W) bool mask of object 1 or 2."""
    result = np.zeros(SIZE, bool)
    if number == 1:
        result[2:8, 3 + frame:9 + frame] = True
    elif frame > 0:
        result[12:20, 14:24] = True
    return result


def ids(frame, values=(1, 2)):
    """(H, W) id map of a frame."""
    result = np.zeros(SIZE, np.int64)
    for number, value in enumerate(values, start=1):
        result[mask(number, frame)] = value
    return result


def write_frames(folder, names):
    for name in names:
        folder.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(folder / name), np.full((*SIZE, 3), 90, np.uint8))


def write_video(path, length):
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 24, SIZE[::-1])
    for frame in range(length):
        writer.write(np.full((*SIZE, 3), 20 * frame, np.uint8))
    writer.release()


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def uncompressed(dense):
    """RLE with a list of runs, as YouTube-VIS has it."""
    flat = dense.ravel(order='F').astype(np.int8)
    changes = np.flatnonzero(np.diff(flat, prepend=0, append=1 - flat[-1]))
    return dict(size=list(dense.shape), counts=np.diff(changes, prepend=0).tolist())


def vis_annotation(number, video_id, category_id, encode):
    masks = [mask(number, frame) for frame in range(3)]
    return dict(
        id=10 * video_id + number, video_id=video_id, category_id=category_id, iscrowd=0,
        width=SIZE[1], height=SIZE[0], length=3,
        segmentations=[encode(dense) if dense.any() else None for dense in masks],
        bboxes=list(BOXES[number - 1]), areas=[int(dense.sum()) or None for dense in masks])


def vis_video(video_id, names, **extra):
    return dict(id=video_id, width=SIZE[1], height=SIZE[0], length=len(names), file_names=names,
                coco_url='', flickr_url='', date_captured='2019-04-11 00:55:41', license=1,
                **extra)


CATEGORIES = [dict(supercategory='object', id=1, name='person'),
              dict(supercategory='object', id=26, name='gérbil')]


def vis_labels(videos, encode, **extra):
    annotations = [vis_annotation(number, video['id'], category, encode)
                   for video in videos for number, category in ((1, 26), (2, 1))]
    return dict(info=dict(description='made', url='', version='1.0', year=2019),
                licenses=[dict(url='', id=1, name='made')], videos=videos,
                annotations=annotations, categories=CATEGORIES, **extra)


def youtube_vis(root, split='train', annotations='train.json', names=('0043f083b5', '00f88c4f0a')):
    videos = []
    for number, name in enumerate(names, start=1):
        files = [f'{name}/{5 * frame:05d}.jpg' for frame in range(3)]
        write_frames(root / split / 'JPEGImages', [])
        for file in files:
            write_frames((root / split / 'JPEGImages' / file).parent, [file.split('/')[1]])
        videos.append(vis_video(number, files))
    write(root / annotations, vis_labels(videos, uncompressed))


def youtube_vis_2021(root):
    youtube_vis(root, annotations='train/instances.json')


def ovis(root, split='train'):
    videos = []
    for number, name in enumerate(('fb4a7958', 'ca2a1d11'), start=1):
        files = [f'img_{frame:07d}.jpg' for frame in range(1, 4)]
        write_frames(root / split / name, files)
        videos.append(vis_video(number, [f'{name}/{file}' for file in files]))
    write(root / f'annotations_{split}.json', vis_labels(videos, encode_mask))


def uvo(root, split='val', extracted=True):
    """Frames 2 to 4 of the mp4 are annotated."""
    name = '-5x1YDSf9oA'
    files = [f'{frame}.png' for frame in range(2, 5)]
    if extracted:
        write_frames(root / 'uvo_videos_dense_frames' / name, files)
    else:
        write_video(root / 'uvo_videos_dense' / f'{name}.mp4', 6)
    video = vis_video(3, [f'{name}/{file}' for file in files], ytid=name, start_idx=2, label='gym')
    write(root / 'VideoDenseSet' / f'UVO_video_{split}_dense.json',
          vis_labels([video], encode_mask))


def uvo_sparse(root):
    """One frame in three is annotated."""
    names = [f'aaaaaaaaaaa/{frame}.png' for frame in range(3)]
    write_frames(root / 'uvo_videos_sparse_frames' / 'aaaaaaaaaaa', ['0.png', '1.png', '2.png'])
    labels = vis_labels([vis_video(1, names)], encode_mask)
    for annotation in labels['annotations']:
        for key in ('segmentations', 'bboxes', 'areas'):
            annotation[key][0] = annotation[key][2] = None
    write(root / 'VideoSparseSet' / 'UVO_sparse_train_video.json', labels)


def davis2016(root):
    """Its own release: masks 0 and 255, lists with a line per frame."""
    lines = []
    for name in ('bear', 'bmx-trees'):
        stems = [f'{frame:05d}' for frame in range(3)]
        write_frames(root / 'JPEGImages/480p' / name, [f'{stem}.jpg' for stem in stems])
        for frame, stem in enumerate(stems):
            path = root / 'Annotations/480p' / name / f'{stem}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(ids(frame, (255, 255)).astype(np.uint8)).save(path)
            lines.append(f'/JPEGImages/480p/{name}/{stem}.jpg /Annotations/480p/{name}/{stem}.png')
    write(root / 'ImageSets/480p/val.txt', '\n'.join(lines[3:]) + '\n')
    write(root / 'ImageSets/480p/train.txt', '\n'.join(lines[:3]) + '\n')


def davis2017(root):
    """Palette images; the unsupervised ones number otherwise and have void pixels."""
    for name in ('bike-packing', 'blackswan'):
        write_frames(root / 'JPEGImages/480p' / name, [f'{frame:05d}.jpg' for frame in range(3)])
        for frame in range(3):
            write_indexed_png(root / 'Annotations/480p' / name / f'{frame:05d}.png', ids(frame))
            void = ids(frame, (2, 3))
            void[22:] = 255
            write_indexed_png(root / 'Annotations_unsupervised/480p' / name / f'{frame:05d}.png',
                              void)
    write(root / 'ImageSets/2017/val.txt', 'bike-packing\n')
    write(root / 'ImageSets/2017/train.txt', 'blackswan\n')
    write(root / 'ImageSets/2016/val.txt', 'blackswan\n')


def mose(root, split='train', annotated=3):
    for name in ('0a3f8b21', '00cfb27e'):
        write_frames(root / split / 'JPEGImages' / name,
                     [f'{frame:05d}.jpg' for frame in range(3)])
        for frame in range(annotated):
            write_indexed_png(root / split / 'Annotations' / name / f'{frame:05d}.png',
                              ids(frame))


def sa_v_train(root, length=11, kinds=('manual',)):
    """mp4 with 24 frames a second, masklets for frames 0, 4 and 8; a third one is never seen."""
    for number in (1, 2):
        name = f'sav_{number:06d}'
        stem = root / 'sav_000' / name
        write_video(stem.with_suffix('.mp4'), length)
        for kind in kinds:
            numbers = (1, 2, 3) if kind == 'manual' else (2,)
            masklet = [[encode_mask(mask(k, frame) if k < 3 else np.zeros(SIZE, bool))
                        for k in numbers] for frame in range(3)]
            write(stem.with_name(f'{name}_{kind}.json'), dict(
                video_id=name, video_duration=length / 24, video_frame_count=float(length),
                video_height=float(SIZE[0]), video_width=float(SIZE[1]),
                video_resolution=float(SIZE[0] * SIZE[1]), video_environment='Indoor',
                video_split='train', masklet=masklet, masklet_id=list(range(len(numbers))),
                masklet_size_rel=[0.1] * len(numbers), masklet_size_abs=[48.0] * len(numbers),
                masklet_size_bucket=['small'] * len(numbers),
                masklet_visibility_changes=[0] * len(numbers),
                masklet_first_appeared_frame=[0] * len(numbers),
                masklet_frame_count=[3] * len(numbers),
                masklet_edited_frame_count=[1] * len(numbers),
                masklet_type=[kind] * len(numbers), masklet_stability_score=None,
                masklet_num=len(numbers)))


def sa_v_val(root):
    """Frames with 24 a second, a folder of masks with 6 a second per object."""
    name = 'sav_000262'
    write_frames(root / 'JPEGImages_24fps' / name, [f'{frame:05d}.jpg' for frame in range(9)])
    for number in (1, 2):
        folder = root / 'Annotations_6fps' / name / f'{number - 1:03d}'
        folder.mkdir(parents=True)
        for frame in range(3):
            Image.fromarray(mask(number, frame)).save(folder / f'{4 * frame:05d}.png')
    write(root / 'sav_val.txt', f'{name}\n')


#: In VIPSeg's list of categories, which counts from 0.
VIPSEG = [dict(id=28, name='sky', isthing=0, color=[255, 9, 92]),
          dict(id=48, name='car', isthing=1, color=[140, 140, 140]),
          dict(id=60, name='person', isthing=1, color=[11, 200, 200])]
VIPSEG_VIDEOS = ('0_wHmRZbT5Xzs', '1003_zyw0w3nUYhM')


def vipseg_720p(root, split='val'):
    """Colours hold ids: 11 + 200 * 256 + 200 * 65536 is a person, 140 * 65793 a car."""
    colors = {1: (11, 200, 200), 2: (140, 140, 140), 3: (255, 9, 92)}
    segment = {key: r + 256 * g + 65536 * b for key, (r, g, b) in colors.items()}
    category = {1: 60, 2: 48, 3: 28}
    videos, annotations = [], []
    for name in VIPSEG_VIDEOS:
        stems = [f'{frame:08d}' for frame in (336, 341, 346)]
        write_frames(root / 'images' / name, [f'{stem}.jpg' for stem in stems])
        frames = []
        for frame, stem in enumerate(stems):
            values = ids(frame)
            values[:2] = 3
            image = np.zeros((*SIZE, 3), np.uint8)
            for key, color in colors.items():
                image[values == key] = color
            path = root / 'panomasksRGB' / name / f'{stem}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
            frames.append(dict(image_id=stem, file_name=f'{stem}.png', segments_info=[
                dict(id=segment[key], category_id=category[key], iscrowd=0,
                     area=int((values == key).sum())) for key in sorted(set(values.flat) - {0})]))
        videos.append(dict(video_id=name, images=[
            dict(id=stem, width=SIZE[1], height=SIZE[0], file_name=f'{stem}.png')
            for stem in stems]))
        annotations.append(dict(video_id=name, annotations=frames))
    write(root / f'panoptic_gt_VIPSeg_{split}.json',
          dict(videos=videos, annotations=annotations, categories=VIPSEG))


def vipseg_release(root):
    """16-bit grey: sky is 29, cars 4900, persons 6100 (classes count from 1)."""
    for name in VIPSEG_VIDEOS:
        stems = [f'{frame:08d}' for frame in (336, 341, 346)]
        write_frames(root / 'imgs' / name, [f'{stem}.jpg' for stem in stems])
        for frame, stem in enumerate(stems):
            values = ids(frame, (4900, 6100))
            values[:2] = 29
            path = root / 'panomasks' / name / f'{stem}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(values.astype(np.uint16)).save(path)
    write(root / 'val.txt', f'{VIPSEG_VIDEOS[1]}\n')
    write(root / 'panoVIPSeg_categories.json', VIPSEG)
