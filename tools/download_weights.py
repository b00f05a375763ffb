"""Fetch the published weights that the configs of projects/s2d name, and make them ready.

Each is fetched into a cache, where a broken download goes on, and converted to this package's
layout where it has another. Of weights whose page needs a click, one line says what to fetch by
hand and where to put it; the same command then converts them. In configs and on command lines
`s2d://NAME` stands for such weights. Their licences are their authors', see --list.

Examples:
    python tools/download_weights.py --list
    python tools/download_weights.py cutler_cascade cotracker3_offline
    python tools/download_weights.py --for projects/s2d/configs/published.py
    python tools/download_weights.py --for configs/proposals/maskcut_dino-b8.py
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import EXIT_INPUT_ERROR, quiet_imports, run_tool


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help='weights to get, see --list')
    parser.add_argument('--for', dest='config', metavar='CONFIG',
                        help='get all that a config names, of run_s2d.py or propose_masks.py')
    parser.add_argument('--list', action='store_true', help='show all weights and end')
    parser.add_argument('--cache', type=Path, metavar='DIR',
                        help='where they go; by default the environment variable S2D_WEIGHTS says '
                        'it, else ~/.cache/s2d. Other tools look where the variable says')
    args = parser.parse_args(argv)
    if not (args.names or args.config or args.list):
        parser.error('give names of weights, --for CONFIG or --list')
    return args


def show_list(cache: Path | None) -> None:
    """Print the table of weights, and which of them are ready."""
    from s2d_plugins.fileio.weights_cache import cache_folder, usable_file
    from s2d_plugins.fileio.weights_list import WEIGHTS
    print(f'in {cache_folder(cache)}:')
    for entry in WEIGHTS.values():
        state = 'ready' if usable_file(entry, cache).is_file() else (
            'by hand' if entry.by_hand else 'not yet')
        about = f'; about {entry.megabytes} MB' if entry.megabytes else ''
        print(f'{entry.name:22}{state:9}{entry.use}; licence: {entry.licence}{about}; '
              f'{entry.page}')


def get_all(names: list[str], cache: Path | None) -> int:
    """Get weights one after the other; a failure is told, and the others go on."""
    with quiet_imports():
        from tqdm import tqdm

        from s2d_plugins.apis.command_line import Failures
        from s2d_plugins.apis.published_weights import get_weights
        from s2d_plugins.fileio.weights_cache import cache_folder, find_entry
    failures = Failures(total=len(names) + 1)  # also an only one is told and counted
    for name in names:
        with failures.contained(name), tqdm(
                desc=name, unit='B', unit_scale=True, delay=0.5, leave=False) as bar:
            def show(done: int, total: int | None, bar: tqdm = bar) -> None:
                bar.total = total
                bar.update(done - bar.n)
            path = get_weights(name, cache, show)
            bar.close()
            print(f'{name}: {path}; licence: {find_entry(name).licence}')
    if cache is not None and cache_folder() != cache_folder(cache):
        print(f'other tools find them with S2D_WEIGHTS={cache_folder(cache)}')
    if failures.reasons:
        print(f'{len(failures.reasons)} of {len(names)} weights are not ready; the same command '
              'goes on', file=sys.stderr)
    return EXIT_INPUT_ERROR if failures.reasons else 0


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 if weights are not ready."""
    args = parse_args(argv)
    if args.list:
        show_list(args.cache)
        return 0
    names = list(args.names)
    if args.config:
        with quiet_imports():
            import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
            from s2d_plugins.fileio.configs import load_config
            from s2d_plugins.pipeline.config_checks import check_pipeline_config
            from s2d_plugins.pipeline.stage_names import PROPOSALS
            from s2d_plugins.pipeline.weights_checks import named_weights
        cfg = load_config(args.config)
        alone = 'proposer' in cfg and 'discovery' not in cfg  # a config of propose_masks.py
        if not alone:
            check_pipeline_config(cfg)
        names += named_weights(cfg, [PROPOSALS] if alone else None)
        if not names:
            print(f'{args.config} needs no published weights')
    return get_all(list(dict.fromkeys(names)), args.cache)


if __name__ == '__main__':
    sys.exit(run_tool(main, 'interrupted; the same command goes on where it was'))
