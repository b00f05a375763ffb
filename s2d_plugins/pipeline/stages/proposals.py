"""Stage 1: a proposer makes noisy masks for every frame of every clip."""

from collections.abc import Callable

from ...fileio.configs import config_errors
from ...labels.proposals_file import write_proposals
from ...registry import MASK_PROPOSERS
from ..context import Context
from ..resource_monitor import measure_usage
from ..workspace import Clip

STAGE = 'proposals'


def run(context: Context) -> None:
    """Propose masks for the clips that have none yet."""
    with config_errors(context.cfg.filename):
        proposer = MASK_PROPOSERS.build(context.cfg.proposer)
    context.begin(STAGE, context.cfg.proposer.to_dict(), context.key('frames'))

    def work(clip: Clip, progress: Callable[[int, int], None]) -> None:
        with measure_usage() as usage:
            frames = proposer.propose(context.workspace.open_frames(clip), progress)
        context.workspace.state.set_record(STAGE, clip.name, dict(
            seconds=usage.seconds, peak_memory_mb=usage.peak_memory_mb,
            proposals=sum(map(len, frames))))
        write_proposals(context.workspace.clip_file(STAGE, clip.name), clip.name, clip.size,
                        frames)

    context.for_each_clip(STAGE, ' frames', work)
