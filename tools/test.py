"""Test a model with the evaluator of its config; takes the arguments of mmdet's tools/test.py."""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import prepare_outputs, run_tool
from s2d_plugins.errors import S2DInputError


def parse_args() -> argparse.Namespace:
    from s2d_plugins.apis.runner_tools import add_runner_arguments
    parser = argparse.ArgumentParser(description=__doc__)
    add_runner_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--model', metavar='CONFIG',
                        help='take model and test pipeline from this config, that of the training; '
                        'those of configs/evaluation are for ResNet-50')
    parser.add_argument('--out', help='pickle file for the predictions')
    parser.add_argument('--format-only', metavar='PREFIX',
                        help='measure nothing and need no annotations: write PREFIX.json and '
                        'PREFIX.submission_file.zip for an evaluation server')
    parser.add_argument('--lenient', action='store_true',
                        help='leave bad predictions out, warn and count them, instead of stopping')
    parser.add_argument('--show', action='store_true', help='show predictions in a window')
    parser.add_argument('--show-dir', help='folder for pictures of the predictions, one per video')
    parser.add_argument('--wait-time', type=float, default=2, help='seconds per picture shown')
    parser.add_argument('--tta', action='store_true',
                        help='test-time augmentation, with the tta_model of the config')
    return parser.parse_args()


def show_predictions(cfg, args: argparse.Namespace) -> None:
    """Draw predictions, in a window or a folder per video."""
    hooks = cfg.setdefault('custom_hooks', []) or []
    cfg.custom_hooks = [*hooks, dict(
        type='s2d_plugins.TrackDrawingHook', show=args.show, wait_time=args.wait_time,
        out_dir=args.show_dir and str(Path(args.show_dir).resolve()))]


def test_set(cfg):
    """Return the config of the data set itself, without what is wrapped around it."""
    dataset = cfg.test_dataloader.dataset
    while 'dataset' in dataset:
        dataset = dataset.dataset
    return dataset


def use_model(cfg, args: argparse.Namespace) -> None:
    """Take the model of another config, and what its frames go through before it."""
    from s2d_plugins.fileio.configs import load_config
    other = load_config(args.model)
    if 'model' not in other or not other.get('test_dataloader'):
        raise S2DInputError(f'--model: {args.model} has no model and test_dataloader; give the '
                            'config of a training')
    cfg.model = other.model
    test_set(cfg).pipeline = test_set(other).pipeline
    cfg.merge_from_dict(args.cfg_options or {})


def use_tta(cfg) -> None:
    """Wrap the model for test-time augmentation."""
    if 'tta_model' not in cfg or 'tta_pipeline' not in cfg:
        raise S2DInputError(f'--tta: {cfg.filename} has no tta_model and tta_pipeline, and there '
                            'is no default for videos; add both or leave --tta out')
    cfg.model = dict(**cfg.tta_model, module=cfg.model)
    test_set(cfg).pipeline = cfg.tta_pipeline


def metrics_of(cfg, option: str, known: tuple[str, ...], lacking: str) -> list:
    """Return the config's evaluators, all of which must be one of ``known`` for ``option``."""
    from s2d_plugins.fileio.configs import type_name
    evaluators = cfg.test_evaluator
    evaluators = evaluators if isinstance(evaluators, list) else [evaluators]
    for evaluator in evaluators:
        if type_name(evaluator.type) not in known:
            raise S2DInputError(f'{option}: {cfg.filename} tests with {evaluator.type}, which '
                                f'{lacking}; use {" or ".join(known)}')
    return evaluators


def write_submission(cfg, prefix: str) -> None:
    """Let the config's metrics write a submission instead of measuring."""
    for evaluator in metrics_of(cfg, '--format-only', ('ClassAgnosticVISMetric',),
                                'writes no submission'):
        evaluator.update(format_only=True, outfile_prefix=prefix)


def use_lenient(cfg) -> None:
    """Let the config's metrics leave bad predictions out instead of stopping."""
    for evaluator in metrics_of(cfg, '--lenient', ('ClassAgnosticVISMetric', 'DAVISMetric'),
                                'stops at bad predictions'):
        evaluator.lenient = True


def main() -> None:
    args = parse_args()
    from mmdet.evaluation import DumpDetResults

    from s2d_plugins.apis import runner_tools, running
    if args.out is not None and not args.out.endswith(('.pkl', '.pickle')):
        raise S2DInputError(f'--out: expected a file that ends with .pkl or .pickle, found '
                            f'{args.out}')
    cfg = runner_tools.read_runner_config(args)
    cfg.load_from, cfg.resume = args.checkpoint, False
    submission = [f'{args.format_only}{suffix}' for suffix in ('.json', '.submission_file.zip')]
    prepare_outputs([args.config, args.checkpoint, *runner_tools.data_paths(cfg)],
                    files=[args.out, *(submission if args.format_only else ())],
                    folders=[cfg.work_dir, args.show_dir])
    if args.model is not None:
        use_model(cfg, args)
    if args.show or args.show_dir:
        show_predictions(cfg, args)
    if args.tta:
        use_tta(cfg)
    if args.format_only:
        write_submission(cfg, args.format_only)
    if args.lenient:
        use_lenient(cfg)
    runner = runner_tools.build_runner(cfg)
    if args.out is not None:
        runner.test_evaluator.metrics.append(DumpDetResults(out_file_path=args.out))
    with runner_tools.full_disk_errors(cfg):
        running.test(runner)


if __name__ == '__main__':
    sys.exit(run_tool(main))
