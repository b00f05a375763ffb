"""Find the proposals that hold together over time, and show them on a contact sheet."""

from collections.abc import Callable, Sequence

from ...errors import S2DInputError
from ...fileio.named_files import read_for_all
from ...fileio.whole_files import write_json
from ...keymasks import KeymaskDiscovery, to_labels
from ...labels.proposals_file import read_proposals
from ...labels.youtube_vis import merge_labels
from ...proposals.selection import select_proposals
from ...structures import Progress
from ...visualization import SheetRow, contact_sheet, sample_frames, write_image
from ..clip_labels import read_clip_labels, trusted
from ..clips import Clip
from ..context import Context
from ..parts import Refiner, build_discovery, build_refiner, part_settings
from ..stage_names import KEYMASKS, PROPOSALS
from ..watched_frames import part_of

SHEET_ROWS = 6


def run(context: Context) -> None:
    """Discover keymasks, draw the contact sheets and join all clips' labels to one file.

    Raises:
        S2DInputError: If no clip of any video has a keymask.
    """
    settings = dict(discovery=context.cfg.discovery.to_dict(),
                    selection=dict(context.cfg.get('selection', {})))
    context.begin(KEYMASKS, settings, context.key(PROPOSALS), *read_for_all(settings),
                  *part_settings(context.cfg, 'keymask_refinement'))

    context.for_each_clip(KEYMASKS, ' frames', make_work)
    for video in dict.fromkeys(clip.video for clip in context.clips):
        with context.guard(video):
            _draw_sheet(context, video)
    _merge(context)


def make_work(context: Context) -> Callable[[Clip, Progress], None]:
    """Make what discovers the keymasks of a clip."""
    discovery = build_discovery(context.cfg)
    refiner = build_refiner(context.cfg, 'keymask_refinement')

    def work(clip: Clip, progress: Progress) -> None:
        _discover(context, discovery, refiner, clip, progress)
    return work


def _discover(context: Context, discovery: KeymaskDiscovery, refiner: Refiner | None, clip: Clip,
              progress: Progress) -> None:
    workspace = context.workspace
    proposals = read_proposals(workspace.clip_file(PROPOSALS, clip.name))
    selection = context.cfg.get('selection', {})
    selected = [select_proposals(frame, **selection) for frame in proposals['frames']]
    masks = [[mask['segmentation'] for mask in frame] for frame in selected]
    scores = [[mask['score'] for mask in frame] for frame in selected]
    with context.measured(KEYMASKS, clip.name) as record:
        frames = workspace.open_frames(clip)
        instances = discovery.discover(frames, masks,
                                       part_of(progress, 0, 2) if refiner else progress)
        labels = to_labels(instances, masks, clip.name, clip.size, clip.frame_paths,
                           scores=scores)
        if refiner:
            labels['annotations'] = refiner(frames, labels['annotations'],
                                            part_of(progress, 1, 2))
        record.update(instances=len(instances),
                      keymasks=sum(len(instance.masks) for instance in instances))
    workspace.remove(workspace.sheet_file(clip.video))
    write_json(workspace.clip_file(KEYMASKS, clip.name), labels)


def _merge(context: Context) -> None:
    max_one2x = context.cfg.get('max_one2x', 1.0)
    label_sets, barren = [], []
    for video, part in context.video_labels(KEYMASKS):
        for labels in part:
            labels['annotations'] = trusted(labels['annotations'], max_one2x)
        label_sets += part
        if not any(labels['annotations'] for labels in part):
            barren.append(video)
    if len(barren) == len({clip.video for clip in context.clips}):
        raise S2DInputError(f'stage {KEYMASKS}: no moving object found in {", ".join(barren)}, so '
                            'there is nothing to learn from; give video in which objects move '
                            'against their background (of crowds seen from afar none is found), '
                            'or relax proposer and discovery in '
                            f'{context.cfg.filename}')
    for video in barren:
        context.failures[video] = (
            f'stage {KEYMASKS}: no moving object found in {context.videos[video]}, so nothing was '
            'learnt from it; its results are what the other videos taught')
        context.console.say(f'note: {video}: {context.failures[video]}')
    write_json(context.workspace.merged_file(KEYMASKS), merge_labels(label_sets))


def _draw_sheet(context: Context, video: str) -> None:
    path = context.workspace.sheet_file(video)
    if path.is_file():
        return
    clips = [clip for clip in context.clips if clip.video == video]
    places = [(clip, frame) for clip in clips for frame in range(len(clip.file_names))]
    picked = [places[index] for index in sample_frames(len(places), SHEET_ROWS)]
    rows = []
    for clip in dict.fromkeys(clip.name for clip, _ in picked):
        rows += _sheet_rows(context, [(one, frame) for one, frame in picked if one.name == clip])
    write_image(path, contact_sheet(rows))


def _sheet_rows(context: Context, places: Sequence[tuple[Clip, int]]) -> list[SheetRow]:
    clip = places[0][0]
    frames = context.workspace.open_frames(clip)
    proposals = read_proposals(context.workspace.clip_file(PROPOSALS, clip.name))['frames']
    labels = read_clip_labels(context.workspace.clip_file(KEYMASKS, clip.name))
    return [SheetRow(f'{clip.name}, frame {frame}', frames[frame], proposals[frame],
                     [(annotation['id'], annotation['segmentations'][frame])
                      for annotation in labels['annotations']
                      if annotation['segmentations'][frame] is not None])
            for _, frame in places]
