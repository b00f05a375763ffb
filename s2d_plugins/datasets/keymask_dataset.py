"""Videos and their keymasks from YouTube-VIS JSON, as mmdet's video transforms expect them."""

import gc
import os.path as osp
from collections import defaultdict
from pathlib import PurePosixPath, PureWindowsPath

from mmdet.datasets import BaseVideoDataset
from mmengine import fileio
from mmengine.logging import print_log

from ..errors import S2DInputError
from ..fileio.json_files import read_json
from ..labels.mask_reader import read_mask
from ..labels.rle import areas_and_boxes
from ..registry import DATASETS


@DATASETS.register_module()
class KeymaskDataset(BaseVideoDataset):
    """Videos with sparse (or dense) instance masks, read from native YouTube-VIS JSON.

    One item is one video: every frame of it, with those instances that have a mask in that frame.
    A frame without masks stays: it is where the model has to fill in. Masks are kept as RLE until
    :class:`LoadKeymasks` decodes those of the chosen frames. A set of one or two videos trains
    well with mmengine's ``InfiniteSampler`` (a new clip is drawn each time a video comes up) or
    with ``RepeatDataset`` around this class where a loop counts epochs.

    In test mode an item is a whole video; annotations are not needed and nothing is filtered.

    Args:
        class_agnostic: The labels are masks of objects of any kind: ``category_id`` 1, label 0.
            Other categories are an error in training, for they would be taken for one silently.
            If False, a category's label is the position of its name in ``metainfo['classes']``.
        min_score: Leave out annotations whose ``score`` is lower; those without one stay.
        max_one2x: Leave out annotations whose ``one2x`` (share of masks that seem to join several
            objects) is higher; those without one stay.
        min_frames: Leave out shorter videos (training only); the clip length as a rule.
        **kwargs: See ``BaseVideoDataset``; ``data_prefix['img_path']`` is the folder that
            ``file_names`` are relative to.

    Raises:
        S2DInputError: If the file is not YouTube-VIS JSON, disagrees with itself, names frames
            outside the folder or that do not exist, or has nothing left to train on.
    """

    METAINFO = dict(classes=('object',))

    def __init__(self, *args, class_agnostic: bool = True, min_score: float | None = None,
                 max_one2x: float | None = None, min_frames: int = 3, **kwargs):
        if kwargs.get('filter_cfg'):
            raise S2DInputError('KeymaskDataset does not use filter_cfg, found '
                                f'{kwargs["filter_cfg"]}; set min_score, max_one2x or min_frames')
        self.class_agnostic = class_agnostic
        self.min_score = min_score
        self.max_one2x = max_one2x
        self.min_frames = min_frames
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read ``ann_file``.

        Returns:
            One dict per video: ``video_id``, ``video_name``, ``video_length`` and ``images``, one
            dict per frame with ``img_path``, ``img_id`` (unique in the file), ``frame_id`` (from
            0), ``video_id``, ``height``, ``width`` and ``instances``.
        """
        labels = self._read_labels()
        label_of = self._label_of_category(labels.get('categories', []))
        for video in labels['videos']:
            self._require(video, 'video', ('id', 'file_names', 'height', 'width'))
        annotations = defaultdict(list)
        for annotation in labels.get('annotations') or []:
            self._require(annotation, 'annotation', ('id', 'video_id', 'segmentations'))
            if self._is_good(annotation):
                annotations[annotation['video_id']].append(annotation)
        unknown = annotations.keys() - {video['id'] for video in labels['videos']}
        if unknown:
            raise S2DInputError(f'{self.ann_file}: annotations of video_id {min(unknown)}, '
                                'which is not among its videos; make the file again')
        data_list, num_frames = [], 0
        for video in labels['videos']:
            data_list.append(self._parse_video(video, annotations[video['id']], label_of,
                                               first_img_id=num_frames))
            num_frames += len(video['file_names'])
        return data_list

    def filter_data(self) -> list[dict]:
        """Keep what can be trained on (everything in test mode); check that frames exist."""
        kept = self.data_list
        if not self.test_mode:
            kept = [video for video in self.data_list
                    if video['video_length'] >= self.min_frames
                    and any(not instance['ignore_flag'] for frame in video['images']
                            for instance in frame['instances'])]
            print_log(f'{self.ann_file}: {len(kept)} of {len(self.data_list)} videos have masks '
                      f'and at least {self.min_frames} frames', 'current')
        if not kept:
            raise S2DInputError(
                f'{self.ann_file}: none of its {len(self.data_list)} videos has a mask (min_score '
                f'{self.min_score}, max_one2x {self.max_one2x}) and at least {self.min_frames} '
                'frames; relax these limits or make the labels again')
        if self.backend_args is None:
            for video in kept:
                path = video['images'][0]['img_path']
                if not osp.exists(path):
                    raise S2DInputError(f'{self.ann_file}: frame {path} of video '
                                        f'{video["video_name"]} does not exist; set data_root and '
                                        "data_prefix['img_path'] to the folder of the frames")
        return kept

    def get_data_info(self, idx: int) -> dict:
        """One video, see :meth:`load_data_list`.

        The garbage collector rests meanwhile: for a video of 1000 frames with 8 masks each it
        would take four times as long as the unpickling itself.
        """
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return super().get_data_info(idx)
        finally:
            if was_enabled:
                gc.enable()

    def _read_labels(self) -> dict:
        with fileio.get_local_path(self.ann_file, backend_args=self.backend_args) as path:
            labels = read_json(path)
        if not isinstance(labels, dict) or 'videos' not in labels or 'images' in labels:
            found = sorted(labels) if isinstance(labels, dict) else type(labels).__name__
            raise S2DInputError(f'{self.ann_file} is not YouTube-VIS JSON: expected the keys '
                                f'videos, annotations and categories, found {found}; give the '
                                'original file, not one converted to one entry per image')
        return labels

    def _label_of_category(self, categories: list[dict]) -> dict[int, int] | None:
        """Map category ids to labels; None stands for: all are 0."""
        if self.class_agnostic:
            return None
        classes = list(self.metainfo['classes'])
        for category in categories:
            if category['name'] not in classes:
                raise S2DInputError(f'{self.ann_file}: category {category["name"]!r} is not among '
                                    f'the classes {classes}; add it to metainfo, or convert the '
                                    'file without --keep-classes')
        return {category['id']: classes.index(category['name']) for category in categories}

    def _require(self, entry: dict, kind: str, keys: tuple[str, ...]) -> None:
        missing = [key for key in keys if not entry.get(key) and entry.get(key) != 0]
        if missing:
            raise S2DInputError(f'{self.ann_file}: {kind} {entry.get("id")} has no '
                                f'{", ".join(missing)}; make the file again')

    def _is_good(self, annotation: dict) -> bool:
        if self.min_score is not None and annotation.get('score', self.min_score) < self.min_score:
            return False
        return self.max_one2x is None or annotation.get('one2x', 0) <= self.max_one2x

    def _parse_video(self, video: dict, annotations: list[dict], label_of: dict[int, int] | None,
                     first_img_id: int) -> dict:
        name = video.get('name') or osp.dirname(video['file_names'][0]) or str(video['id'])
        images = [
            dict(img_id=first_img_id + frame, img_path=self._frame_path(file_name, name),
                 frame_id=frame, video_id=video['id'], height=video['height'],
                 width=video['width'], instances=[])
            for frame, file_name in enumerate(video['file_names'])]
        seen = set()
        for annotation in annotations:
            if annotation['id'] in seen:
                raise S2DInputError(f'{self.ann_file}: video {name} has two annotations with id '
                                    f'{annotation["id"]}; ids must be unique')
            seen.add(annotation['id'])
            self._add_instance(images, annotation, name, label_of)
        return dict(video_id=video['id'], video_name=name, video_length=len(images),
                    images=images)

    def _add_instance(self, images: list[dict], annotation: dict, name: str,
                      label_of: dict[int, int] | None) -> None:
        """Put an annotation's masks into the frames that have one."""
        segmentations = annotation['segmentations']
        if len(segmentations) != len(images):
            raise S2DInputError(f'{self.ann_file}: annotation {annotation["id"]} of video {name} '
                                f'has {len(segmentations)} segmentations for {len(images)} '
                                'frames; make the file again')
        if label_of is None:
            self._require_one_category(annotation, name)
            label = 0
        elif annotation['category_id'] in label_of:
            label = label_of[annotation['category_id']]
        else:
            raise S2DInputError(f'{self.ann_file}: annotation {annotation["id"]} of video {name} '
                                f'has category_id {annotation["category_id"]}, expected one of '
                                f'{sorted(label_of)}')
        boxes = annotation.get('bboxes') or [None] * len(images)
        for image, segmentation, box in zip(images, segmentations, boxes, strict=True):
            if not segmentation:
                continue
            x, y, width, height = box if box and min(box[2:]) > 0 else self._mask_box(
                segmentation, image, annotation['id'], name)
            if width > 0 and height > 0:
                image['instances'].append(dict(
                    bbox=[x, y, x + width, y + height], bbox_label=label, mask=segmentation,
                    instance_id=annotation['id'], ignore_flag=int(annotation.get('iscrowd', 0))))

    def _mask_box(self, segmentation, image: dict, annotation_id, name: str) -> list[float]:
        """Return the box [x, y, width, height] of a mask; zeros if it is empty."""
        place = (f'{self.ann_file}, video {name}, frame {image["frame_id"]}, annotation '
                 f'{annotation_id}')
        rle = read_mask(segmentation, (image['height'], image['width']), place)
        return [0, 0, 0, 0] if rle is None else areas_and_boxes([rle])[1][0]

    def _require_one_category(self, annotation: dict, name: str) -> None:
        if not self.test_mode and annotation.get('category_id', 1) != 1:
            raise S2DInputError(
                f'{self.ann_file}: annotation {annotation["id"]} of video {name} has category_id '
                f'{annotation["category_id"]}, expected 1 (object); make class-agnostic labels '
                'with tools/dataset_converters/convert_dataset.py, or set class_agnostic=False '
                'and metainfo')

    def _frame_path(self, file_name: str, video_name: str) -> str:
        path = PurePosixPath(file_name)
        if path.is_absolute() or PureWindowsPath(file_name).drive or '..' in path.parts:
            raise S2DInputError(f'{self.ann_file}: video {video_name} names the frame '
                                f'{file_name!r}, expected a path inside the frame folder without '
                                "'..'; make it relative to data_prefix['img_path']")
        return osp.join(self.data_prefix.get('img_path', ''), file_name)
