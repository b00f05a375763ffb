"""Videos and their keymasks from YouTube-VIS JSON, as mmdet's video transforms expect them."""

import gc
import math
import os.path as osp
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from mmdet.datasets import BaseVideoDataset
from mmengine import fileio
from mmengine.logging import print_log

from ..arguments import check_count, check_flag, check_share, check_type
from ..errors import S2DInputError
from ..fileio.json_files import read_json
from ..labels.mask_reader import has_mask, read_mask
from ..labels.rle import areas_and_boxes
from ..labels.youtube_vis import checked_labels, video_folder, video_title
from ..registry import DATASETS
from .faults import check_scores, find_frame_fault, size_fault


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
        min_score: Leave out annotations whose ``score`` is lower: for dense labels. Those without
            one stay, but some must have one.
        max_one2x: Leave out annotations whose ``one2x`` (share of masks that seem to join several
            objects) is higher; those without one stay.
        min_frames: Leave out shorter videos (training only); the clip length as a rule.
        **kwargs: See ``BaseVideoDataset``; ``data_prefix['img_path']`` is the folder that
            ``file_names`` are relative to.

    Raises:
        S2DInputError: If an argument is wrong, or if the file is not YouTube-VIS JSON, disagrees
            with itself, names frames outside the folder or that do not exist, or has nothing left
            to train on.
    """

    METAINFO = dict(classes=('object',))

    def __init__(self, *args, class_agnostic: bool = True, min_score: float | None = None,
                 max_one2x: float | None = None, min_frames: int = 3, **kwargs):
        if kwargs.get('filter_cfg'):
            raise S2DInputError('KeymaskDataset does not use filter_cfg, found '
                                f'{kwargs["filter_cfg"]}; set min_score, max_one2x or min_frames')
        check_flag(self, class_agnostic=class_agnostic)
        check_share(self, min_score=min_score, max_one2x=max_one2x, optional=True)
        check_count(self, min_frames=min_frames)
        check_type(self, (str, Path), 'a path', ann_file=kwargs.get('ann_file', ''))
        check_type(self, dict, 'a dict', data_prefix=kwargs.get('data_prefix', {}))
        check_type(self, (list, tuple), 'a list of transforms', pipeline=kwargs.get('pipeline', []))
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
        with fileio.get_local_path(self.ann_file, backend_args=self.backend_args) as path:
            labels = checked_labels(read_json(path), self.ann_file)
        if self.min_score is not None and not self.test_mode:
            check_scores(labels['annotations'], self.min_score, self.ann_file)
        label_of = self._label_of_category(labels['categories'])
        annotations = defaultdict(list)
        for annotation in labels['annotations']:
            if self._is_good(annotation):
                annotations[annotation['video_id']].append(annotation)
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

    def prepare_data(self, idx: int | tuple[int, int]) -> Any:
        """Send a video, or one frame of it, through the pipeline.

        Raises:
            S2DInputError: If a frame cannot be read, or is not of the size that the labels say.
        """
        video, number = idx if isinstance(idx, tuple) else (idx, None)
        try:
            results = super().prepare_data(idx)
        except S2DInputError:
            raise
        except Exception:  # whatever a decoder or the stacking of frames thinks of
            info = self.get_data_info(video)
            fault = None if self.backend_args else find_frame_fault(info['images'],
                                                                    self._place(info))
            if fault is None:
                raise
            raise fault from None
        if self.test_mode and isinstance(results, dict):
            self._check_sizes(results.get('data_samples', ()), video, number or 0)
        return results

    def _check_sizes(self, frames: Iterable, video: int, first: int) -> None:
        """Check the frames of a test against the labels, whose masks are measured in their size."""
        info = self.get_data_info(video)
        for number, frame in enumerate(frames, first):
            fault = size_fault(info['images'][number], tuple(frame.ori_shape)[:2],
                               f'{self._place(info)}, frame {number}')
            if fault is not None:
                raise fault

    def _place(self, info: dict) -> str:
        return f'{self.ann_file}, video {info["video_name"]!r}'

    def _serialize_data(self) -> tuple[np.ndarray, np.ndarray]:
        """Keep the videos as bytes, as the base does; masks may be as deep as the file."""
        try:
            return super()._serialize_data()
        except RecursionError as error:
            raise S2DInputError(f'{self.ann_file}: a mask is nested too deeply; make the file '
                                'again') from error

    def _label_of_category(self, categories: list[dict]) -> dict[int | str, int] | None:
        """Map category ids to labels; None stands for: all are 0."""
        if self.class_agnostic:
            return None
        classes = list(self.metainfo['classes'])
        for category in categories:
            if category.get('name') not in classes:
                raise S2DInputError(f'{self.ann_file}: category {category.get("name")!r} is not '
                                    f'among the classes {classes}; add it to metainfo, or convert '
                                    'the file without --keep-classes')
        return {category['id']: classes.index(category['name']) for category in categories}

    def _is_good(self, annotation: dict) -> bool:
        score, one2x = annotation.get('score'), annotation.get('one2x')
        if None not in (score, self.min_score) and score < self.min_score:
            return False
        return None in (one2x, self.max_one2x) or one2x <= self.max_one2x

    def _parse_video(self, video: dict, annotations: list[dict],
                     label_of: dict[int | str, int] | None, first_img_id: int) -> dict:
        images = [
            dict(img_id=first_img_id + frame, frame_id=frame, video_id=video['id'],
                 img_path=osp.join(self.data_prefix.get('img_path', ''), file_name),
                 height=video['height'], width=video['width'], instances=[])
            for frame, file_name in enumerate(video['file_names'])]
        for annotation, instance_id in zip(annotations, _instance_ids(annotations), strict=True):
            self._add_instance(images, annotation, instance_id, video_title(video),
                               self._label(annotation, video_title(video), label_of))
        return dict(video_id=video['id'], video_name=video_folder(video),
                    video_length=len(images), images=images)

    def _label(self, annotation: dict, video: str, label_of: dict[int | str, int] | None) -> int:
        """Return the label of an annotation's category."""
        category = annotation.get('category_id')
        if label_of is None:
            if not self.test_mode and category not in (None, 1):
                raise S2DInputError(
                    f'{self.ann_file}: annotation {annotation["id"]} of {video} has category_id '
                    f'{category}, expected 1 (object); make class-agnostic labels with '
                    'tools/dataset_converters/convert_dataset.py, or set class_agnostic=False '
                    'and metainfo')
            return 0
        if category not in label_of:
            raise S2DInputError(f'{self.ann_file}: annotation {annotation["id"]} of {video} has '
                                f'category_id {category}, expected one of {list(label_of)}')
        return label_of[category]

    def _add_instance(self, images: list[dict], annotation: dict, instance_id: int, video: str,
                      label: int) -> None:
        """Put an annotation's masks into the frames that have one.

        A box of the file is taken where it can be one; otherwise the mask is measured.
        """
        boxes = annotation.get('bboxes') or []
        if len(boxes) != len(images):
            boxes = [None] * len(images)
        for image, segmentation, box in zip(images, annotation['segmentations'], boxes,
                                            strict=True):
            if not has_mask(segmentation):
                continue
            if not _is_box(box):
                place = (f'{self.ann_file}, {video}, frame {image["frame_id"]}, annotation '
                         f'{annotation["id"]}')
                rle = read_mask(segmentation, (image['height'], image['width']), place)
                if rle is None:
                    continue
                box = areas_and_boxes([rle])[1][0]
            x, y, width, height = box
            image['instances'].append(dict(
                bbox=[x, y, x + width, y + height], bbox_label=label, mask=segmentation,
                instance_id=instance_id, ignore_flag=int(annotation.get('iscrowd') or 0)))


def _is_box(box: list[float] | None) -> bool:
    """Say whether [x, y, width, height] are those of a mask, not a placeholder."""
    return (box is not None and len(box) == 4 and all(map(math.isfinite, box))
            and min(box[2:]) > 0)


def _instance_ids(annotations: list[dict]) -> list[int]:
    """Return the ids of a video's annotations, or their numbers if one is no small number.

    Transforms and models hold ids in integers of 64 bits and add to them.
    """
    ids = [annotation['id'] for annotation in annotations]
    return ids if all(isinstance(key, int) and 0 <= key < 2**31 for key in ids) else list(
        range(1, len(ids) + 1))
