"""YouTube-VIS 2019, 2021 and 2022, OVIS, and UVO dense and sparse: one JSON for a split."""

import os
import re
from collections import defaultdict
from pathlib import Path

from ..errors import S2DInputError
from ..fileio.json_files import check_content
from ..fileio.json_items import iterate_items, read_item
from ..fileio.json_kinds import Annotation, Category, Identified, OfVideo, Video
from ..fileio.paths import check_inside
from ..labels.mask_reader import read_masks
from ..labels.youtube_vis import check_length, video_folder, video_title
from .frame_files import check_frames, extracted_frames
from .source import Instance, Source, SourceVideo

#: By dataset: where releases and common set-ups keep a split's annotations, its frames, and
#: (UVO) the video files that frames are extracted from.
LAYOUTS = {
    'youtube_vis': (('{split}.json', '{split}/instances.json', 'annotations/{split}.json'),
                    ('{split}/JPEGImages',), None),
    'ovis': (('annotations_{split}.json', '{split}.json'),
             ('{split}', 'Images/{split}', '{split}/JPEGImages'), None),
    'uvo_dense': (('VideoDenseSet/UVO_video_{split}_dense_with_label.json',
                   'VideoDenseSet/UVO_video_{split}_dense.json'),
                  ('uvo_videos_dense_frames',), 'uvo_videos_dense'),
    'uvo_sparse': (('VideoSparseSet/UVO_sparse_{split}_video.json',
                    'VideoSparseSet/UVO_sparse_{split}_video_with_interpolation.json'),
                   ('uvo_videos_sparse_frames',), 'uvo_videos_sparse'),
}
#: What of an item must be right to know where it is; the rest is checked when it is read.
_INDEXED = dict(videos=Identified, annotations=OfVideo, categories=Category)
_NUMBERED_FRAME = re.compile(r'(?P<folder>.*)/(?P<number>[0-9]{1,9})\.\w+')


def find_layout(root: str | Path, dataset: str, split: str, file: Path | None = None,
                folder: Path | None = None) -> tuple[Path, Path, Path | None]:
    """Find a split's annotations, frames and video files below the dataset's folder.

    Args:
        root: Folder that the dataset was unpacked to.
        dataset: Key of :data:`LAYOUTS`.
        split: Name of the split.
        file: Its annotations, if they are elsewhere.
        folder: Its frames, if they are elsewhere.

    Raises:
        S2DInputError: If its annotations are not where they may be.
    """
    root = Path(root)
    annotations, frames, videos = LAYOUTS[dataset]
    candidates = [root / path.format(split=split) for path in annotations]
    found = file or next((path for path in candidates if os.path.isfile(path)), None)
    if found is None:
        raise S2DInputError(f'expected the annotations of {dataset}, split {split}, in '
                            f'{" or ".join(map(str, candidates))}, found none; correct --split or '
                            'name the file with --annotations')
    folders = [root / path.format(split=split) for path in frames]
    # OVIS: train/ holds the videos, other set-ups train/JPEGImages/
    folder = folder or next((path for path in reversed(folders) if os.path.isdir(path)), folders[0])
    return found, folder, None if videos is None else root / videos


def vis_source(annotations: str | Path, frames: str | Path, videos: str | Path | None = None,
               check: bool = True, annotated_only: bool = False) -> Source:
    """Read a YouTube-VIS JSON of any size; only positions of its annotations are kept.

    Args:
        annotations: The JSON; RLEs may be compressed or not.
        frames: Folder that its file names are relative to.
        videos: Folder of video files, for datasets that come as such: ``<name>/<number>.png`` is
            then taken from frame ``<number>`` of ``<name>.mp4`` where the frame is not there.
        check: Look whether frames are there and of the stated size.
        annotated_only: Leave out frames in which no object has a mask, for sets that are
            annotated once a second.

    Raises:
        S2DInputError: If the file is no such JSON.
    """
    reader = _Reader(Path(annotations), Path(frames), videos and Path(videos), check,
                     annotated_only)
    return Source(Path(frames), list(reader.videos), reader.read, reader.categories or None,
                  reader.faults, [Path(annotations)])


class _Reader:
    """The positions of everything in a YouTube-VIS JSON."""

    def __init__(self, path: Path, frames: Path, videos_folder: Path | None, check: bool,
                 annotated_only: bool):
        self._path, self._frames, self._videos_folder = path, frames, videos_folder
        self._check, self._annotated_only = check, annotated_only
        self.videos: dict[int | str, tuple[int, int]] = {}
        self.categories: list[dict] = []
        self.faults: list[str] = []
        self._annotations = defaultdict(list)
        self._index()

    def _index(self) -> None:
        seen, keys = set(), set()
        for key, item, place in iterate_items(self._path):
            keys.add(key)
            if key not in ('videos', 'annotations', 'categories'):
                continue
            if place is None:
                if item is not None:
                    raise S2DInputError(f'{self._path}: expected a list of {key}, found '
                                        f'{type(item).__name__}; get the file again')
                continue
            try:
                check_content(item, _INDEXED[key], f'{self._path}, {key} at byte {place[0]}')
            except S2DInputError as error:
                self.faults.append(str(error))
                continue
            if (key, item['id']) in seen:
                self.faults.append(f'{self._path}: id {item["id"]} occurs twice among its {key}; '
                                   'ids must be unique')
                continue
            seen.add((key, item['id']))
            if key == 'categories':
                self.categories.append(item)
            elif key == 'videos':
                self.videos[item['id']] = place
            else:
                self._annotations[item['video_id']].append(place)
        if 'videos' not in keys:
            raise S2DInputError(f'{self._path} is not YouTube-VIS JSON: expected the key videos, '
                                f'found {sorted(keys)}; give the original file')
        for video_id in self._annotations.keys() - self.videos.keys():
            self.faults.append(f'{self._path}: annotations of video {video_id!r}, which it does '
                               'not list; get the file again')

    def read(self, video_id: int | str) -> SourceVideo:
        """Read one video with its annotations."""
        video = read_item(self._path, self.videos[video_id], Video,
                          f'{self._path}, video {video_id}')
        for file_name in video['file_names']:
            check_inside(file_name, f'{self._path}, {video_title(video)}')
        names, name, size = video['file_names'], video_folder(video), (video['height'],
                                                                      video['width'])
        instances = [self._instance(place, video) for place in self._annotations[video_id]]
        if self._annotated_only:
            names = self._keep_annotated(name, names, instances)
        names = self._frame_names(names)
        if self._check:
            check_frames(self._frames, name, names, size)
        return SourceVideo(name, size, names, instances, video_id)

    def _instance(self, place: tuple[int, int], video: dict) -> Instance:
        where = f'{self._path}, {video_title(video)}'
        annotation = read_item(self._path, place, Annotation, f'{where}, annotation')
        check_length(annotation, video, self._path)
        where = f'{where}, annotation {annotation["id"]}'
        category = annotation.get('category_id')
        if self.categories and category not in {item['id'] for item in self.categories}:
            raise S2DInputError(f'{where}: its category {category!r} is not among those of the '
                                'file; get the file again')
        rles, _ = read_masks(annotation['segmentations'], (video['height'], video['width']),
                             lambda frame: f'{where}, frame {frame}')
        return Instance(rles, category, annotation.get('iscrowd') or 0)

    def _keep_annotated(self, name: str, names: list[str],
                        instances: list[Instance]) -> list[str]:
        kept = [frame for frame in range(len(names))
                if any(instance.segmentations[frame] for instance in instances)]
        if not kept:
            raise S2DInputError(f'{self._path}, video {name}: no frame has a mask')
        for instance in instances:
            instance.segmentations = [instance.segmentations[frame] for frame in kept]
        return [names[frame] for frame in kept]

    def _frame_names(self, names: list[str]) -> list[str]:
        """Extract the frames if they are not there but their video is."""
        if not self._check or self._videos_folder is None or os.path.isfile(
                self._frames / names[0]):
            return names
        folder = names[0].rpartition('/')[0]
        video_file = self._videos_folder / f'{folder}.mp4'
        matches = [_NUMBERED_FRAME.fullmatch(file_name) for file_name in names]
        if not os.path.isfile(video_file) or not all(match and match['folder'] == folder
                                               for match in matches):
            return names
        numbers = [int(match['number']) for match in matches]
        if numbers != sorted(set(numbers)):
            return names
        files = extracted_frames(video_file, self._frames / folder, numbers)
        return [file.relative_to(self._frames).as_posix() for file in files]
