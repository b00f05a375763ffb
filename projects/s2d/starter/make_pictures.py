"""Generate pictures with masks, as a training set of one-frame videos (YouTube-VIS JSON).

Stopped, it goes on with the same command. The set that the starter weights come from:

    python projects/s2d/starter/make_pictures.py --out data/pictures --count 6000
"""

import argparse
import sys
from pathlib import Path

import cv2
from joblib import Parallel, delayed
from pictures import picture
from tqdm import tqdm

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import write_bytes, write_json
from s2d_plugins.labels.rle import encode_masks
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video

SIZE = (192, 344)


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', required=True, type=Path, metavar='DIR',
                        help='gets frames/<number>/00000.jpg and labels.json')
    parser.add_argument('--count', type=int, default=6000, help='pictures; 6000 by default')
    parser.add_argument('--first', type=int, default=0, help='seed of the first; 0 by default')
    parser.add_argument('--jobs', type=int, default=-1, help='processes; all cores by default')
    return parser.parse_args(argv)


def make(args: argparse.Namespace) -> None:
    """Write the pictures that are not there yet, then the labels of all.

    Raises:
        S2DInputError: If the number of pictures is below 1.
    """
    if args.count < 1 or args.first < 0:
        raise S2DInputError(f'expected --count of at least 1 and --first of at least 0, found '
                            f'{args.count} and {args.first}')
    seeds = range(args.first, args.first + args.count)
    jobs = Parallel(n_jobs=args.jobs, return_as='generator')
    found = jobs(delayed(write_picture)(args.out, seed) for seed in seeds)
    videos, annotations = [], []
    for number, (seed, rles) in enumerate(tqdm(zip(seeds, found, strict=True), 'pictures',
                                               len(seeds)), 1):
        videos.append(make_video(number, f'{seed:06d}', SIZE, [f'{seed:06d}/00000.jpg']))
        annotations += [make_annotation(len(annotations) + place, number, [rle])
                        for place, rle in enumerate(rles, 1)]
    write_json(args.out / 'labels.json', make_labels(videos, annotations))


def write_picture(out: Path, seed: int) -> list[dict]:
    """Write one picture unless it is there; returns the RLEs of its things."""
    image, masks = picture(seed, SIZE)
    path = out / f'frames/{seed:06d}/00000.jpg'
    if not path.is_file():
        done, data = cv2.imencode('.jpg', image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
        assert done
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, data.tobytes())
    return encode_masks(masks)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: make(args), 'interrupted; run the same command again to go on')


if __name__ == '__main__':
    sys.exit(main())
