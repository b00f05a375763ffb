"""Kill a tool at its n-th file operation, run the same command again, compare with a whole run."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import made_inputs as made
from .runner import Outcome, ToolServer
from .targets import CPU, RECIPE
from .trees import IGNORED, difference, read_tree


@dataclass(frozen=True)
class KillTarget:
    """A command that should survive being killed.

    Attributes:
        name: Its name in reports.
        tool: One of :data:`~.tools.TOOLS`.
        args: Its arguments.
        make: Writes its inputs.
        again: Arguments that are added when it is run again.
        samples: How many kills a short run takes.
        first: A tool and its arguments that are run before, so that its results are inputs too.
    """

    name: str
    tool: str
    args: tuple[str, ...]
    make: Callable[[Path], None]
    again: tuple[str, ...] = ()
    samples: int = 6
    first: tuple[str, ...] = ()


def two_videos(folder: Path) -> None:
    """A recipe for two videos."""
    made.recipe(folder, ('a', 'b'))


def two_sa_v_videos(folder: Path) -> None:
    """SA-V, whose converter extracts frames."""
    made.dataset('sa_v_train')(folder)


KILL_TARGETS = [
    KillTarget('run_s2d', 'run_s2d', RECIPE, two_videos, samples=3),
    KillTarget('discover_keymasks', 'discover_keymasks',
               ('config.py', '--videos', 'videos', '--proposals', 'proposals', '--out', 'out'),
               made.discovery),
    KillTarget('propose_masks', 'propose_masks',
               ('config.py', '--videos', 'videos', '--out', 'out'), made.proposing, samples=5),
    KillTarget('merge', 'merge', ('labels', '--out', 'merged.json'), made.label_files),
    KillTarget('convert_dataset sa_v', 'convert_dataset',
               ('sa_v', 'data', '--frames', 'extracted', '--out', 'out.json'), two_sa_v_videos),
    KillTarget('convert_dataset videos', 'convert_dataset',
               ('videos', 'data', '--frames', 'extracted', '--out', 'out.json'),
               made.plain_videos),
    KillTarget('convert_dataset youtube_vis', 'convert_dataset',
               ('youtube_vis_2019', 'data'), made.dataset('youtube_vis')),
    KillTarget('densify_labels', 'densify_labels',
               ('model.py', 'model.pth', 'labels.json', '--data-root', 'frames', '--out',
                'out/dense.json', *CPU), made.model),
    KillTarget('infer_video', 'infer_video',
               ('model.py', 'model.pth', 'video.mp4', '--out-dir', 'out', *CPU), made.model),
    KillTarget('eval_vis', 'eval_vis',
               ('--gt', 'gt.json', '--results', 'results.json', '--out', 'out/scores.json'),
               made.vis_results),
    KillTarget('eval_davis', 'eval_davis',
               ('--gt', 'gt', '--results', 'results', '--task', 'unsupervised', '--out',
                'out/scores.json', '--jobs', '1'), made.davis_results),
    KillTarget('official_to_s2d', 'official_to_s2d', ('s2d.pth', 'out/ours.pth'),
               made.official_checkpoint),
    KillTarget('cutler_to_mmdet', 'cutler_to_mmdet', ('cutler.pth', 'out/ours.pth'),
               made.detector_checkpoint, samples=4),
    KillTarget('download_weights', 'download_weights',
               ('cuts3d_cascade', 'cutler_m2f_rn50', '--cache', 'cache'), made.fetched_weights,
               samples=4),
    KillTarget('proposals_to_coco', 'proposals_to_coco',
               ('proposals', '--videos', 'videos', '--out', 'out'), made.discovery, samples=4),
    KillTarget('import_proposals', 'import_proposals',
               ('masks', '--videos', 'videos', '--out', 'out'), made.foreign_masks, samples=4),
    KillTarget('browse_proposals', 'browse_proposals',
               ('proposals', '--videos', 'videos', '--out', 'out'), made.discovery, samples=4),
    KillTarget('evaluate_stages', 'evaluate_stages', ('out', '--gt', 'gt', '--jobs', '1'),
               made.stage_results, first=('run_s2d', *RECIPE)),
    KillTarget('train', 'train', ('config.py', '--work-dir', 'run', '--cfg-options',
                                  'default_hooks.checkpoint.interval=1',
                                  'default_hooks.checkpoint.max_keep_ckpts=1'),
               made.training, again=('--resume',), samples=3),
]


@dataclass
class Reference:
    """A run that nobody killed.

    Attributes:
        tree: Its results, see :func:`~.trees.read_tree`.
        operations: Its file operations in words, in order.
    """

    tree: dict[str, str]
    operations: list[str]


@dataclass
class KillRecord:
    """A kill and what came of it; ``problems`` is empty if all was well."""

    target: KillTarget
    number: int
    operation: str
    problems: list[str]
    first: Outcome
    second: Outcome

    def __str__(self) -> str:
        lines = '\n  '.join(self.problems[:12])
        return (f'{self.target.name}, killed at operation {self.number}: {self.operation}\n'
                f'  {self.first.command}\n  {lines}\n' + '\n'.join(
                    f'    {line}' for line in self.second.tail.splitlines()[-8:]))


class KillTest:
    """All kills of one target.

    Args:
        target: What is killed.
        server: Where it runs.
        folder: New folder for inputs and cases.
    """

    def __init__(self, target: KillTarget, server: ToolServer, folder: Path):
        self.target, self._server, self._folder = target, server, folder
        self._inputs = folder / 'inputs' / 'work'
        self._inputs.mkdir(parents=True)
        target.make(self._inputs)
        if target.first:
            outcome = server.run(target.first[0], target.first[1:], folder / 'inputs')
            assert outcome.code == 0, outcome.tail
        self.reference = self._run_whole()

    def _run_whole(self) -> Reference:
        case = self._case()
        outcome = self._run(case, None)
        assert outcome.problem is None and outcome.code == 0, outcome.tail
        lines = (case / 'operations').read_text().splitlines()
        tree = read_tree(case / 'work')
        shutil.rmtree(case)
        return Reference(tree, [line.partition(' ')[2] for line in lines])

    def kill(self, number: int) -> KillRecord:
        """Kill at an operation (from 1), run again, compare; a failing case's folder stays."""
        case = self._case()
        first = self._run(case, number)
        second = self._server.run(self.target.tool, (*self.target.args, *self.target.again), case)
        problems = self._compare(first, second, case / 'work')
        if problems:
            case.rename(self._folder / f'kill{number}')
        else:
            shutil.rmtree(case)
        return KillRecord(self.target, number, self.reference.operations[number - 1], problems,
                          first, second)

    def samples(self, count: int | None = None) -> Sequence[int]:
        """Return operations spread evenly over the run; all by default."""
        total = len(self.reference.operations)
        if count is None or count >= total:
            return range(1, total + 1)
        return [1 + (2 * index + 1) * total // (2 * count) for index in range(count)]

    def _compare(self, first: Outcome, second: Outcome, work: Path) -> list[str]:
        if first.code != -9:
            return [f'the first run was not killed: exit code {first.code}']
        problems = [f'run again: {second.problem}'] if second.problem else []
        if second.code != 0:
            return problems or [f'run again: exit code {second.code}']
        return problems + difference(self.reference.tree, read_tree(work))

    def _case(self) -> Path:
        """Copy the inputs; always to the same path, since results may name it."""
        case = self._folder / 'case'
        case.mkdir()
        shutil.copytree(self._inputs, case / 'work', symlinks=True)
        return case

    def _run(self, case: Path, kill_at: int | None) -> Outcome:
        watch = dict(root=str((case / 'work').resolve()), log=str((case / 'operations').resolve()),
                     kill_at=kill_at, ignore=IGNORED)
        return self._server.run(self.target.tool, self.target.args, case, watch=watch)
