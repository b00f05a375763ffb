"""Segment and track the objects of one video with a trained model."""

import argparse
import sys

from s2d_plugins.apis.command_line import (
    DEVICES,
    add_window_arguments,
    prepare_outputs,
    quiet_imports,
    run_tool,
    window_settings,
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config that the model was trained with')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('video', help='a video file or a folder of frames')
    parser.add_argument('--out-dir', required=True, help='for results.json and overlay.mp4')
    add_window_arguments(parser, score_thr=0.5)
    parser.add_argument('--device', help=f'{DEVICES}; by default a GPU where torch sees one')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    settings = window_settings(args)
    from tqdm import tqdm

    with quiet_imports():
        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
        from s2d_plugins.apis.inferencer import S2DInferencer, output_files
    prepare_outputs([args.config, args.checkpoint, args.video],
                    files=output_files(args.out_dir), folders=[args.out_dir])
    inferencer = S2DInferencer(args.config, args.checkpoint, args.device, **settings)
    with tqdm(unit=' frames', desc='infer') as bar:
        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)
        results = inferencer(args.video, args.out_dir, report)
    print(f'{len(results)} instances; wrote {args.out_dir}/results.json and overlay.mp4')


if __name__ == '__main__':
    sys.exit(run_tool(main))
