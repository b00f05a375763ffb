"""A proposer makes noisy masks for every frame of every clip."""

import functools
from collections.abc import Callable
from pathlib import Path

from ...fileio.digests import digest
from ...labels.proposals_file import write_proposals
from ..clips import Clip
from ..context import Context
from ..parts import build_proposer, file_stamps, named_paths
from ..stage_names import FRAMES, PROPOSALS


def run(context: Context) -> None:
    """Propose masks for the clips that have none yet."""
    settings = context.cfg.proposer.to_dict()
    paths = named_paths(settings)
    context.begin(PROPOSALS, settings, context.key(FRAMES),
                  *file_stamps(path for path in paths if path.is_file()))
    folders = [path for path in paths if path.is_dir()]
    _forget_changed(context, folders)
    proposer = functools.cache(lambda: build_proposer(context.cfg))

    def work(clip: Clip, progress: Callable[[int, int], None]) -> None:
        with context.measured(PROPOSALS, clip.name) as record:
            frames = proposer().propose(context.workspace.open_frames(clip), progress)
            record.update(proposals=sum(map(len, frames)), **_made_from(clip, folders))
        write_proposals(context.workspace.clip_file(PROPOSALS, clip.name), clip.name, clip.size,
                        frames)

    context.for_each_clip(PROPOSALS, ' frames', work)


def _made_from(clip: Clip, folders: list[Path]) -> dict[str, str]:
    """Note the clip's own file, in folders that the proposer reads one file per clip from."""
    stamps = file_stamps(folder / f'{clip.name}.json' for folder in folders)
    return {'made_from': digest(stamps)} if stamps else {}


def _forget_changed(context: Context, folders: list[Path]) -> None:
    """Remove what was made of a clip's file that is another one now."""
    for clip in context.clips:
        record = context.workspace.state.record(PROPOSALS, clip.name)
        if record is not None and (record.get('made_from')
                                   != _made_from(clip, folders).get('made_from')):
            context.workspace.clear_proposals(clip.name, clip.video)
            context.console.say(f'{PROPOSALS}: {clip.name}: its file has changed, so they are '
                                'made again')
