"""What a test predicts, as pictures: one folder per video, one colour per instance."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.visualization import Visualizer

from ..arguments import check_flag, check_number, check_path, check_share
from ..errors import S2DInputError
from ..fileio.paths import unique_names
from ..labels.rle import encode_masks
from ..registry import HOOKS
from ..video.folder import read_image
from ..visualization import ColoredMask, draw_masks, instance_color, write_image


@HOOKS.register_module()
class TrackDrawingHook(Hook):
    """Draw the predicted tracks of every test video over its frames.

    Takes what this package's and mmdet's video models predict: ``pred_track_instances`` with
    ``segmentations`` (RLE) or ``masks``, ``scores`` and ``instances_id``. The pictures are
    ``<out_dir>/<video>/<frame>.png``; a video is named by the folder of its frames, and two
    folders of one name are told apart by a number.

    Args:
        out_dir: Where the pictures go; None writes none.
        show: Show them in a window.
        wait_time: Seconds for which a picture is shown.
        score_thr: Tracks with a lower score in a frame are left out there.

    Raises:
        S2DInputError: If there is neither ``out_dir`` nor ``show``, or an argument is wrong.
    """

    priority = 'NORMAL'

    def __init__(self, out_dir: str | None = None, show: bool = False, wait_time: float = 2.0,
                 score_thr: float = 0.0):
        check_path(self, out_dir=out_dir, optional=True)
        check_flag(self, show=show)
        check_number(self, wait_time=wait_time, low=0)
        check_share(self, score_thr=score_thr)
        if out_dir is None and not show:
            raise S2DInputError('TrackDrawingHook: expected out_dir or show=True, found neither')
        self.out_dir = None if out_dir is None else Path(out_dir)
        self.show, self.wait_time, self.score_thr = show, wait_time, score_thr
        self._folders: dict[Path, str] = {}

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                        outputs: Sequence | None = None) -> None:
        """Draw the videos of a batch."""
        for sample in outputs or ():
            for index in range(len(sample)):
                self._draw(sample[index])

    def _draw(self, frame) -> None:
        path = Path(frame.img_path)
        drawn = draw_masks(read_image(path), self._masks(frame.pred_track_instances))
        if self.out_dir is not None:
            write_image(self.out_dir / self._folder(path.parent) / f'{path.stem}.png', drawn)
        if self.show:
            Visualizer.get_current_instance().show(drawn, path.name, self.wait_time)

    def _masks(self, tracks) -> list[ColoredMask]:
        if 'segmentations' in tracks:
            rles = tracks.segmentations
        else:
            rles = encode_masks(np.asarray(tracks.masks.cpu() if hasattr(tracks.masks, 'cpu')
                                           else tracks.masks, bool))
        return [ColoredMask(rle, instance_color(int(number) + 1), f'{int(number)} {score:.2f}')
                for rle, number, score in zip(rles, tracks.instances_id.tolist(),
                                              tracks.scores.tolist(), strict=True)
                if rle is not None and score >= self.score_thr]

    def _folder(self, parent: Path) -> str:
        if parent not in self._folders:
            self._folders[parent] = unique_names([parent.name], self._folders.values(),
                                                 ['other'])[0]
        return self._folders[parent]
