"""A proposer makes noisy masks for every frame of every clip."""

import functools
from collections.abc import Callable

from ...fileio.digests import digest
from ...fileio.named_files import read_for_all, read_for_one
from ...labels.proposals_file import write_proposals
from ...proposals.build import build_proposer, proposer_settings
from ...structures import Progress
from ..clips import Clip
from ..context import Context
from ..stage_names import FRAMES, PROPOSALS


def run(context: Context) -> None:
    """Propose masks for the clips that have none yet."""
    settings = proposer_settings(context.cfg)
    context.begin(PROPOSALS, settings, context.key(FRAMES), *read_for_all(settings))
    _forget_changed(context, settings)
    context.for_each_clip(PROPOSALS, ' frames', make_work)


def make_work(context: Context) -> Callable[[Clip, Progress], None]:
    """Make what proposes the masks of a clip."""
    settings = proposer_settings(context.cfg)
    proposer = functools.cache(lambda: build_proposer(context.cfg))

    def work(clip: Clip, progress: Progress) -> None:
        with context.measured(PROPOSALS, clip.name) as record:
            frames = proposer().propose(context.workspace.open_frames(clip), progress)
            record.update(proposals=sum(map(len, frames)), **_made_from(clip, settings))
        write_proposals(context.workspace.clip_file(PROPOSALS, clip.name), clip.name, clip.size,
                        frames)
    return work


def _made_from(clip: Clip, settings: dict) -> dict[str, str]:
    """Note the clip's own file, in folders that the proposer reads one file per clip from."""
    stamps = read_for_one(settings, clip.name)
    return {'made_from': digest(stamps)} if stamps else {}


def _forget_changed(context: Context, settings: dict) -> None:
    """Remove what was made of a clip's file that is another one now."""
    for clip in context.clips:
        record = context.workspace.state.record(PROPOSALS, clip.name)
        if record is not None and (record.get('made_from')
                                   != _made_from(clip, settings).get('made_from')):
            context.workspace.clear_proposals(clip.name, clip.video)
            context.console.say(f'{PROPOSALS}: {clip.name}: its file has changed, so they are '
                                'made again')
