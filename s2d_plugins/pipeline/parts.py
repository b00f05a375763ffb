"""Building the parts that a pipeline's config describes."""

from collections.abc import Callable

from mmengine.config import Config

from ..fileio.config_faults import config_errors
from ..keymasks import KeymaskDiscovery, MaskVote
from ..proposals.selection import select_proposals
from ..registry import TASK_UTILS
from ..structures import Frames, Progress
from .watched_frames import WatchedFrames, part_of

#: Takes the frames of a clip, its tubes and what is told of progress; gives the tubes with better
#: outlines.
Refiner = Callable[[Frames, list[dict], Progress], list[dict]]
#: Takes the tubes of a clip and the annotations that judge them; gives the tubes that stay.
Support = Callable[[list[dict], list[dict]], list[dict]]

#: Takes tubes of a clip, its keymasks and dense labels; gives ``quality`` and ``low`` of each.
Quality = Callable[[list[list[dict | None]], list[dict], list[dict] | None], list[dict]]


def build_discovery(cfg: Config) -> KeymaskDiscovery:
    """Build what ``discovery`` describes."""
    with config_errors(cfg.filename, key='discovery'):
        return KeymaskDiscovery(**cfg.discovery.to_dict())


def build_support(cfg: Config, key: str) -> Support | None:
    """Build what judges tubes, such as ``KeymaskSupport``, if the config has any.

    Args:
        cfg: The pipeline's config.
        key: ``'dense_support'`` for dense tubes, ``'result_support'`` for those of the result.
    """
    if cfg.get(key) is None:
        return None
    with config_errors(cfg.filename, key=key):
        return TASK_UTILS.build(cfg[key])


def build_refiner(cfg: Config, key: str) -> Refiner | None:
    """Build what refines the masks of tubes, such as ``EdgeRefiner``, if the config has any.

    Several in a list work one after the other.

    Args:
        cfg: The pipeline's config.
        key: ``'keymask_refinement'``, ``'dense_refinement'`` or ``'result_refinement'``: of the
            keymasks, of the dense tubes or of the result's.
    """
    if cfg.get(key) is None:
        return None
    parts = cfg[key] if isinstance(cfg[key], list) else [cfg[key]]
    with config_errors(cfg.filename, key=key):
        refiners = [TASK_UTILS.build(part) for part in parts]

    def refine(frames: Frames, tubes: list[dict], progress: Progress) -> list[dict]:
        for index, refiner in enumerate(refiners):
            seen = part_of(progress, index, len(refiners))
            tubes = refiner(WatchedFrames(frames, seen), tubes)
            seen(len(frames), len(frames))
        return tubes
    return refine


def build_vote(cfg: Config) -> MaskVote | None:
    """Build what votes on the masks of the result, ``result_vote``, if the config has any."""
    if cfg.get('result_vote') is None:
        return None
    with config_errors(cfg.filename, key='result_vote'):
        return TASK_UTILS.build(cfg.result_vote)


def build_quality(cfg: Config) -> Quality | None:
    """Build what tells how far tubes can be trusted, ``result_quality``, if the config has any."""
    if cfg.get('result_quality') is None:
        return None
    with config_errors(cfg.filename, key='result_quality'):
        return TASK_UTILS.build(cfg.result_quality)


def part_settings(cfg: Config, *keys: str) -> list[dict | list]:
    """Settings of those of these parts that the config has: results depend on them."""
    content = cfg.to_dict()
    return [content[key] for key in keys if content.get(key) is not None]


def check_selection(cfg: Config) -> None:
    """Check the limits of ``selection``."""
    with config_errors(cfg.filename, key='selection'):
        select_proposals([], **cfg.get('selection', {}))
