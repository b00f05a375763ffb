"""Videos become clips: one folder of frames per shot."""

import glob

from tqdm import tqdm

from ...errors import S2DInputError
from ...video import Video, extract_frames, find_shots, open_video, source_stamp
from ..clips import Clip, clip_name
from ..context import Context
from ..stage_names import FRAMES

DEFAULTS = dict(max_short_side=480, min_frames=3, shots={})  # shots: of find_shots


def run(context: Context) -> None:
    """Extract the frames of every video that is new or has changed."""
    settings = {**DEFAULTS, **context.cfg.get('frames', {})}
    context.begin(FRAMES, settings)
    todo = {}
    for name, path in context.videos.items():
        with context.guard(name):
            clips = _whole_clips(context, name)
            if clips and clips[0].stamp == source_stamp(path):
                context.clips.extend(clips)
            else:
                todo[name] = open_video(path).expected_length
    done = len({clip.video for clip in context.clips})
    if done:
        context.console.say(f'{FRAMES}: {done} of {len(context.videos)} videos were done before')
    if todo:
        with context.console.bar(FRAMES, 2 * sum(todo.values()), ' frames') as bar:
            for name in todo:
                with context.guard(name):
                    context.clips.extend(_extract_video(context, name, settings, bar))
    order = {name: position for position, name in enumerate(context.videos)}
    context.clips.sort(key=lambda clip: (order[clip.video], clip.shot))


def load(context: Context) -> None:
    """Take the clips that an earlier run extracted; a video without them fails."""
    for name in context.videos:
        with context.guard(name):
            clips = context.workspace.clips_of(name)
            if not clips:
                raise S2DInputError(f'{name} has no frames in {context.workspace.frames}; run '
                                    f'the stage {FRAMES} first')
            context.clips.extend(clips)


def _whole_clips(context: Context, name: str) -> list[Clip]:
    """Return a video's clips if all are whole; a broken description counts as none."""
    try:
        clips = context.workspace.clips_of(name)
    except S2DInputError as error:
        context.console.say(f'{FRAMES}: {name} is extracted again, since {error}')
        return []
    return clips if all(context.workspace.has_frames(clip) for clip in clips) else []


def _extract_video(context: Context, name: str, settings: dict, bar: tqdm) -> list[Clip]:
    path = context.videos[name]
    stamp = source_stamp(path)
    _forget_other_source(context, name, stamp)
    video = open_video(path, name)
    shots = _usable_shots(video, settings, bar)
    for number in range(len(shots)):
        other = clip_name(name, number, len(shots))
        if other != name and other in context.videos:
            raise S2DInputError(f'{path}: its shot {number} would be named {other}, like another '
                                'video; rename one of the two')
    return [_extract_shot(context, video, number, shots, stamp, settings, bar)
            for number in range(len(shots))]


def _forget_other_source(context: Context, name: str, stamp: str) -> None:
    """Remove what was made from an earlier file of this name, and what is broken of this one."""
    workspace = context.workspace
    shots = workspace.frames.glob(f'{glob.escape(name)}_shot*.json')
    for candidate in (name, *sorted(path.stem for path in shots)):
        try:
            clip = workspace.read_clip(candidate)
        except S2DInputError:
            if candidate == name or candidate not in context.videos:
                workspace.clear_clip(candidate, name)
            continue
        if clip is not None and clip.video == name and (
                clip.stamp != stamp or not workspace.has_frames(clip)):
            workspace.clear_clip(clip.name, name)


def _usable_shots(video: Video, settings: dict, bar: tqdm) -> list[tuple[int, int]]:
    """Find the shots that are long enough to show motion.

    Raises:
        S2DInputError: If none is.
    """
    least = settings['min_frames']
    shots = find_shots(video, progress=lambda done, total: bar.update(), **settings['shots'])
    usable = [shot for shot in shots if shot[1] - shot[0] >= least]
    if not usable:
        frames = shots[-1][1]
        raise S2DInputError(f'{video.path} has {frames} frame{"s" if frames != 1 else ""}; '
                            f'expected at least {least} to see motion: give a longer video')
    return usable


def _extract_shot(context: Context, video: Video, number: int, shots: list[tuple[int, int]],
                  stamp: str, settings: dict, bar: tqdm) -> Clip:
    start, stop = shots[number]
    name = clip_name(video.name, number, len(shots))
    known = context.workspace.read_clip(name)
    if known is not None and (known.start, known.stop) == (start, stop):
        return known
    folder = context.workspace.frames / name
    context.workspace.remove(folder)
    with context.measured(FRAMES, name) as record:
        file_names = extract_frames(video, start, stop, folder, settings['max_short_side'],
                                    progress=lambda done, total: bar.update())
        record['frames'] = stop - start
    clip = Clip(name, video.name, str(video.path), stamp, number, len(shots), start, stop,
                video.fps, video.size, open_video(folder).size, file_names)
    context.workspace.write_clip(clip)
    return clip
