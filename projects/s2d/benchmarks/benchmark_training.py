"""What a training step costs: our distiller against mmdet's Mask2FormerVideo, in one run.

A step is what the training loop does with a batch: normalising, forward pass, matching, losses,
backward pass, clipping, optimiser step and, for ours, the EMA update of the teacher. All rows see
the same clips and take turns, so that other load on the machine hits all alike. Peak memory is
measured row by row, each in a process of its own. "Losses alone" are matching, losses and their
backward pass down to the outputs of the decoder layers.

On a GPU the paths of deformable attention are compared as well.

Example:
    python projects/s2d/benchmarks/benchmark_training.py --size small --steps 10 --out DIR
"""

import argparse
import gc
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from s2d_plugins.apis.command_line import quiet_imports, run_tool
from s2d_plugins.devices import DEVICES, choose_device, running_on
from s2d_plugins.errors import S2DInputError, one_line
from s2d_plugins.fileio.whole_files import write_json, write_text

#: Steps before the measured ones, and measured steps, on a CPU and on a GPU.
STEPS = dict(cpu=(1, 5), cuda=(5, 20))


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--size', choices=('small', 'r50', 'all'), default='all',
                        help='model: the small one, the one with ResNet-50, or both')
    parser.add_argument('--steps', type=int, help='measured steps per row; 5, or 20 on a GPU')
    parser.add_argument('--warmup', type=int, help='steps before them; 1, or 5 on a GPU')
    parser.add_argument('--device', help=f'{DEVICES}; by default a GPU where torch sees one')
    parser.add_argument('--batch-size', type=int, help='clips; by default 2 (small), 1 (r50), or '
                        '4 (r50 on a GPU)')
    parser.add_argument('--image-size', type=int, nargs=2, metavar=('HEIGHT', 'WIDTH'),
                        help='by default 160 288 (small), 192 320 (r50), 360 640 (r50 on a GPU)')
    parser.add_argument('--teacher-instances', type=int, default=6,
                        help='masks that the teacher gives per clip')
    parser.add_argument('--rows', nargs='+', metavar='ROW', help='some rows; by default all')
    parser.add_argument('--no-memory', action='store_true', help='leave peak memory out')
    parser.add_argument('--no-amp', action='store_true',
                        help='no mixed precision on a GPU, where the config asks for it')
    parser.add_argument('--out', type=Path, metavar='DIR',
                        help='write training.json and training.md there')
    return parser.parse_args(argv)


def check_args(args: argparse.Namespace) -> None:
    """Refuse numbers that cannot be.

    Raises:
        S2DInputError: Naming the argument.
    """
    least = dict(steps=1, warmup=0, batch_size=1, teacher_instances=1)
    for name, bound in least.items():
        value = getattr(args, name)
        if value is not None and value < bound:
            raise S2DInputError(f'expected --{name.replace("_", "-")} of at least {bound}, found '
                                f'{value}')
    if args.image_size and min(args.image_size) < 32:
        raise S2DInputError('expected --image-size of at least 32 32, found '
                            f'{" ".join(map(str, args.image_size))}')
    if args.out and args.out.exists() and not args.out.is_dir():
        raise S2DInputError(f'--out {args.out} is a file; give a folder')


def choose_rows(names: list[str] | None, device: str) -> tuple[dict, dict[str, str]]:
    """Return the variants to measure, and why others that were asked for cannot be.

    Raises:
        S2DInputError: If there is no row of such a name.
    """
    from attention_paths import missing_attention
    from training_variants import VARIANTS
    unknown = [name for name in names or () if name not in VARIANTS]
    if unknown:
        raise S2DInputError(f'there is no row {unknown[0]!r} for --rows; choose from '
                            f'{", ".join(VARIANTS)}')
    chosen = {key: variant for key, variant in VARIANTS.items() if
              (key in names if names else variant.attention is None or device != 'cpu')}
    missing = {key: reason for key, variant in chosen.items() if variant.attention
               and (reason := missing_attention(variant.attention, device))}
    return {key: variant for key, variant in chosen.items() if key not in missing}, missing


def synchronise(device: str) -> None:
    """Wait until the GPU has done what it was given."""
    if device != 'cpu':
        import torch
        torch.cuda.synchronize()


def release_memory(device: str) -> None:
    """Give back what is no longer used, to other processes too."""
    gc.collect()
    if device != 'cpu':
        import torch
        torch.cuda.empty_cache()


def seconds_of(work: Callable, device: str) -> float:
    """Time a call."""
    synchronise(device)
    start = time.perf_counter()
    work()
    synchronise(device)
    return time.perf_counter() - start


def time_row(trainer, device: str) -> dict[str, float]:
    """Time a step, and then its losses alone; making a batch and outputs does not count."""
    step = seconds_of(partial(trainer.step, trainer.make_batch()), device)
    return dict(steps=step, losses=seconds_of(trainer.prepare_losses(), device))


def time_rows(variants: dict, setting: dict, steps: int, warmup: int) -> tuple[dict, dict]:
    """Time all rows in turns.

    Args:
        variants: Row to variant.
        setting: Arguments of ``Trainer`` but for the variant.
        steps: Measured rounds.
        warmup: Rounds before them.

    Returns:
        Row to ``dict(steps=[seconds, ...], losses=[seconds, ...])``, and row to why it failed.
    """
    from training_variants import Trainer
    device, failed = setting['device'], {}
    times = {key: dict(steps=[], losses=[]) for key in variants}
    trainers = {key: Trainer(variant, **setting) for key, variant in variants.items()}
    with tqdm(total=len(variants) * (warmup + steps), unit='step', mininterval=1,
              desc=f'{setting["size"]} on {device}') as bar:
        for turn in range(warmup + steps):
            # back and forth: what a row leaves behind falls on either neighbour
            for key in list(trainers)[::-1 if turn % 2 else 1]:
                try:
                    if turn < warmup:
                        trainers[key].step(trainers[key].make_batch())
                    else:
                        for name, seconds in time_row(trainers[key], device).items():
                            times[key][name].append(seconds)
                except (RuntimeError, ValueError) as error:  # out of memory, a kernel, a matching
                    failed[key] = one_line(error)
                if key in failed:
                    del trainers[key], times[key]
                    release_memory(device)
                bar.update()
    return times, failed


def peak_memory(key: str, setting: dict, gpu: int | None = None, steps: int = 2) -> float:
    """Measure one row in this process, on that GPU: peak MB of model, optimiser and steps.

    On a CPU that is resident memory above what the process had before, on a GPU what torch
    allocated. The second step has the optimiser's state from its start.
    """
    with quiet_imports():
        import torch
        from benchmark_discovery import memory_mb, reset_peak
        from training_variants import VARIANTS, Trainer
    if gpu is not None:
        torch.cuda.set_device(gpu)
    if setting['device'] == 'cpu':
        reset_peak()
        before = memory_mb('VmRSS')
    trainer = Trainer(VARIANTS[key], **setting)
    for _ in range(steps):
        trainer.step(trainer.make_batch())
    if setting['device'] == 'cpu':
        return memory_mb('VmHWM') - before
    return torch.cuda.max_memory_allocated() / 2**20


def measure_memory(keys: list[str], setting: dict) -> dict[str, float | None]:
    """Measure :func:`peak_memory` of every row in a fresh process each; None where it failed."""
    import torch
    found = {}
    gpu = None if setting['device'] == 'cpu' else torch.cuda.current_device()
    context = get_context('spawn')  # a forked process would share this one's memory
    for key in tqdm(keys, desc='peak memory', unit=' rows'):
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            try:
                found[key] = pool.submit(peak_memory, key, setting, gpu).result()
            except RuntimeError:  # as out of memory, or killed for it
                found[key] = None
    return found


def benchmark_size(size: str, device: str, args: argparse.Namespace) -> tuple[dict, str, bool]:
    """Measure one size; returns its numbers, its text and whether every row went through."""
    from training_report import describe, report_text, summarise
    from training_variants import FRAMES, SIZES, VARIANTS
    variants, missing = choose_rows(args.rows, device)
    clips, *image = SIZES[size][1 if device == 'cpu' else 2]
    setting = dict(size=size, shape=(args.batch_size or clips, *(args.image_size or image)),
                   device=device, teacher_instances=args.teacher_instances, amp=not args.no_amp)
    warmup, steps = [default if given is None else given for default, given
                     in zip(STEPS[device], (args.warmup, args.steps), strict=True)]
    times, failed = time_rows(variants, setting, steps, warmup)
    release_memory(device)
    rows = summarise(times, setting['shape'][0] * FRAMES)
    if not args.no_memory:
        for key, memory in measure_memory(list(rows), setting).items():
            rows[key]['memory_mb'] = memory
    described = dict(describe(setting), steps=f'{steps} after {warmup}')
    missing.update({key: f'failed: {reason}' for key, reason in failed.items()})
    text = report_text(size, rows, missing, described,
                       {key: variant.label for key, variant in VARIANTS.items()})
    return dict(setting=described, rows=rows, not_available=missing), text, not failed


def benchmark(args: argparse.Namespace) -> int:
    """Check the arguments, then measure on the device asked for."""
    check_args(args)
    device = choose_device(args.device)
    with running_on(device):
        return benchmark_device(device.partition(':')[0], args)


def benchmark_device(device: str, args: argparse.Namespace) -> int:
    """Measure on ``'cpu'`` or on the current GPU, print and write."""
    with quiet_imports():
        import attention_paths  # noqa: F401  before the others
        import training_report  # noqa: F401
    choose_rows(args.rows, device)
    numbers, texts, complete = {}, [], True
    for size in ('small', 'r50') if args.size == 'all' else (args.size,):
        numbers[size], text, went_through = benchmark_size(size, device, args)
        print(text, flush=True)
        texts.append(text)
        complete &= went_through
    if args.out:
        write_json(args.out / 'training.json', numbers)
        write_text(args.out / 'training.md', '\n\n'.join(['# Training steps', *texts]) + '\n')
    return 0 if complete else 1


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, 1 if a row failed, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: benchmark(args), on_interrupt='interrupted; nothing is written')


if __name__ == '__main__':
    sys.exit(main())
