"""Label every frame of the videos of a YouTube-VIS file with a trained model."""

import argparse
import sys

from s2d_plugins.apis.command_line import (
    DEVICES,
    Failures,
    add_window_arguments,
    choose_device,
    prepare_outputs,
    quiet_imports,
    run_tool,
    window_settings,
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config that the model was trained with')
    parser.add_argument('checkpoint', help='checkpoint file; of a distiller, its teacher labels')
    parser.add_argument('labels', help='YouTube-VIS JSON whose videos are labelled, for example '
                        'the keymasks; its annotations are not used')
    parser.add_argument('--data-root', required=True,
                        help='folder that the file names in it are relative to')
    parser.add_argument('--out', required=True, help='file for the dense labels')
    add_window_arguments(parser, score_thr=0.75)
    parser.add_argument('--device', help=f'{DEVICES}; by default a GPU where torch sees one')
    return parser.parse_args()


def main() -> int:
    args = parse_args()
    settings = window_settings(args)
    device = choose_device(args.device)
    prepare_outputs([args.config, args.checkpoint, args.labels, args.data_root], files=[args.out])
    from tqdm import tqdm

    with quiet_imports():
        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
        from s2d_plugins.apis.densify import densify_labels
        from s2d_plugins.apis.segmenter import VideoSegmenter
    from s2d_plugins.errors import S2DInputError
    from s2d_plugins.fileio.whole_files import write_json
    from s2d_plugins.labels.youtube_vis import read_labels
    videos = read_labels(args.labels)['videos']
    if not videos:
        raise S2DInputError(f'{args.labels} has no videos; give YouTube-VIS JSON')
    segmenter = VideoSegmenter.from_files(args.config, args.checkpoint, device, **settings)
    failures = Failures(len(videos))
    with tqdm(total=len(videos), unit=' videos', desc='densify') as bar:
        labels = densify_labels(segmenter, videos, args.data_root,
                                lambda done, total: bar.update(), failures.contained)
    if not labels['videos']:
        raise S2DInputError(f'none of the {len(videos)} videos of {args.labels} could be '
                            'labelled; nothing is written')
    write_json(args.out, labels)
    print(f'{len(labels["annotations"])} instances in {len(labels["videos"])} videos; wrote '
          f'{args.out}')
    return failures.exit_code()


if __name__ == '__main__':
    sys.exit(run_tool(main))
