"""Stage 2: find the proposals that hold together over time, and show them on a contact sheet."""

from collections.abc import Callable, Sequence

from ...errors import S2DInputError
from ...fileio.configs import config_errors
from ...fileio.json_files import read_json
from ...fileio.whole_files import write_json
from ...keymasks import KeymaskDiscovery, to_labels
from ...labels.proposals_file import read_proposals
from ...labels.youtube_vis import merge_labels
from ...proposals.selection import select_proposals
from ...visualization import SheetRow, contact_sheet, sample_frames, write_image
from ..context import Context
from ..resource_monitor import measure_usage
from ..workspace import Clip

STAGE = 'keymasks'
SHEET_ROWS = 6


def run(context: Context) -> None:
    """Discover keymasks, draw the contact sheets and join all clips' labels to one file.

    Raises:
        S2DInputError: If no clip of any video has a keymask.
    """
    with config_errors(context.cfg.filename):
        discovery = KeymaskDiscovery(**context.cfg.discovery.to_dict())
        select_proposals([], **context.cfg.get('selection', {}))
    settings = dict(discovery=context.cfg.discovery.to_dict(),
                    selection=dict(context.cfg.get('selection', {})))
    context.begin(STAGE, settings, context.key('proposals'))

    def work(clip: Clip, progress: Callable[[int, int], None]) -> None:
        _discover(context, discovery, clip, progress)

    context.for_each_clip(STAGE, ' frames', work)
    for video in dict.fromkeys(clip.video for clip in context.clips):
        with context.guard(video):
            _draw_sheet(context, video)
    _merge(context)


def _discover(context: Context, discovery: KeymaskDiscovery, clip: Clip,
              progress: Callable[[int, int], None]) -> None:
    workspace = context.workspace
    proposals = read_proposals(workspace.clip_file('proposals', clip.name))
    selection = context.cfg.get('selection', {})
    masks = [[mask['segmentation'] for mask in select_proposals(frame, **selection)]
             for frame in proposals['frames']]
    with measure_usage() as usage:
        instances = discovery.discover(workspace.open_frames(clip), masks, progress)
    labels = to_labels(instances, masks, clip.name, clip.size, clip.frame_paths)
    workspace.state.set_record(STAGE, clip.name, dict(
        seconds=usage.seconds, peak_memory_mb=usage.peak_memory_mb, instances=len(instances),
        keymasks=sum(len(instance.masks) for instance in instances)))
    workspace.remove(workspace.video_folder(clip.video) / 'keymasks.png')
    write_json(workspace.clip_file(STAGE, clip.name), labels)


def _merge(context: Context) -> None:
    max_one2x = context.cfg.get('max_one2x', 1.0)
    label_sets, barren = [], []
    for video in dict.fromkeys(clip.video for clip in context.clips):
        found = 0
        for clip in (clip for clip in context.clips if clip.video == video):
            labels = read_json(context.workspace.clip_file(STAGE, clip.name))
            labels['annotations'] = [annotation for annotation in labels['annotations']
                                     if annotation['one2x'] <= max_one2x]
            found += len(labels['annotations'])
            label_sets.append(labels)
        if not found:
            barren.append(video)
    if len(barren) == len({clip.video for clip in context.clips}):
        raise S2DInputError(f'stage keymasks: no moving object found in {", ".join(barren)}, so '
                            'there is nothing to learn from; give video in which objects move '
                            'against their background, or relax proposer and discovery in '
                            f'{context.cfg.filename}')
    for video in barren:
        context.failures[video] = (
            f'stage keymasks: no moving object found in {context.videos[video]}, so nothing was '
            'learnt from it; its results are what the other videos taught')
        context.console.say(f'note: {video}: {context.failures[video]}')
    write_json(context.workspace.merged_file(STAGE), merge_labels(label_sets))


def _draw_sheet(context: Context, video: str) -> None:
    path = context.workspace.video_folder(video) / 'keymasks.png'
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
    proposals = read_proposals(context.workspace.clip_file('proposals', clip.name))['frames']
    labels = read_json(context.workspace.clip_file(STAGE, clip.name))
    return [SheetRow(f'{clip.name}, frame {frame}', frames[frame], proposals[frame],
                     [(annotation['id'], annotation['segmentations'][frame])
                      for annotation in labels['annotations']
                      if annotation['segmentations'][frame] is not None])
            for _, frame in places]
