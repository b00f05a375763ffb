"""Draw the clips of a config's training set as the training sees them.

A row per clip, a column per frame: augmented images with their masks, one colour per instance.
Frames that have a mask get a green edge; in the others nothing is known (keymasks) or there is
no object (dense labels).

Example:
    python tools/analysis_tools/browse_dataset.py configs/sparse_to_dense/s2d_small.py \\
        --out clips/ --clips 20 --cfg-options train_dataloader.dataset.data_root=DATA/
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import (
    add_config_arguments,
    prepare_outputs,
    quiet_imports,
    run_tool,
)

EDGE = 4
HEIGHT = 240


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_config_arguments(parser)
    parser.add_argument('--out', required=True, type=Path, help='folder for the pictures')
    parser.add_argument('--clips', type=int, default=20, help='how many to draw')
    parser.add_argument('--seed', type=int, default=0, help='another seed draws other clips')
    return parser.parse_args(argv)


def draw_frame(image, instances):
    """Draw one frame of a clip: (3, H, W) uint8 BGR as loaded, and its ground truth."""
    import cv2
    import numpy as np

    from s2d_plugins.labels import encode_masks
    from s2d_plugins.visualization import ColoredMask, draw_masks, instance_color
    frame = np.ascontiguousarray(image.numpy().transpose(1, 2, 0)[..., ::-1])
    masks = instances.masks.masks
    ids = instances.instances_ids.tolist() if len(masks) else []
    drawn = draw_masks(frame, [
        ColoredMask(rle, instance_color(number), str(number))
        for rle, number in zip(encode_masks(masks), ids, strict=True)])
    width = max(1, round(drawn.shape[1] * HEIGHT / drawn.shape[0]))
    drawn = cv2.resize(drawn, (width, HEIGHT), interpolation=cv2.INTER_AREA)
    return cv2.copyMakeBorder(drawn, EDGE, EDGE, EDGE, EDGE, cv2.BORDER_CONSTANT,
                              value=(0, 200, 0) if len(masks) else (90, 90, 90))


def browse(args: argparse.Namespace) -> None:
    """Draw clips one after another."""
    with quiet_imports():
        import numpy as np
        import torch
        from mmengine.registry import init_default_scope
        from tqdm import tqdm

        from s2d_plugins.apis.runner_tools import data_paths
        from s2d_plugins.errors import S2DInputError
        from s2d_plugins.fileio.configs import config_errors, load_config
        from s2d_plugins.registry import DATASETS
        from s2d_plugins.visualization import write_image
    if args.clips < 1:
        raise S2DInputError(f'--clips: expected at least 1, found {args.clips}')
    cfg = load_config(args.config, args.cfg_options)
    if 'train_dataloader' not in cfg:
        raise S2DInputError(f'{args.config} has no train_dataloader; give the config of a training')
    prepare_outputs([args.config, *data_paths(cfg)], folders=[args.out])
    init_default_scope(cfg.get('default_scope', 's2d_plugins'))
    with config_errors(args.config):
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
    np.random.seed(args.seed)
    torch.manual_seed(args.seed)
    for number in tqdm(range(args.clips), unit=' clips'):
        clip = dataset[number % len(dataset)]
        frames = clip['data_samples'].video_data_samples
        row = [draw_frame(image, frame.gt_instances)
               for image, frame in zip(clip['inputs'], frames, strict=True)]
        write_image(args.out / f'clip_{number:04d}.png', np.concatenate(row, axis=1))
    print(f'{args.clips} clips of {len(dataset)} videos; wrote {args.out}')


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    return run_tool(lambda: browse(parse_args(argv)))


if __name__ == '__main__':
    sys.exit(main())
