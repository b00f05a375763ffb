"""Stage 0: videos become clips: one folder of frames per shot."""

import glob
from pathlib import Path

from tqdm import tqdm

from ...errors import S2DInputError
from ...fileio.digests import digest
from ...video import Video, extract_frames, find_shots, open_video
from ..context import Context
from ..resource_monitor import measure_usage
from ..workspace import Clip, clip_name

STAGE = 'frames'
DEFAULTS = dict(max_short_side=480, min_frames=3, shots={})  # shots: of find_shots


def run(context: Context) -> None:
    """Extract the frames of every video that is new or has changed."""
    settings = _settings(context)
    context.begin(STAGE, settings)
    todo = {}
    for name, path in context.videos.items():
        with context.guard(name):
            clips = context.workspace.clips_of(name)
            if clips and clips[0].stamp == source_stamp(path):
                context.clips.extend(clips)
            else:
                todo[name] = open_video(path).expected_length
    done = len({clip.video for clip in context.clips})
    if done:
        context.console.say(f'{STAGE}: {done} of {len(context.videos)} videos were done before')
    if todo:
        with context.console.bar(STAGE, 2 * sum(todo.values()), ' frames') as bar:
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
                                    'the stage frames first')
            context.clips.extend(clips)


def source_stamp(path: Path) -> str:
    """Return a hash of a video's files, sizes and times; another one means another video."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return digest([(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files])


def _settings(context: Context) -> dict:
    settings = {**DEFAULTS, **context.cfg.get('frames', {})}
    unknown = sorted(settings.keys() - DEFAULTS.keys())
    if unknown:
        raise S2DInputError(f'{context.cfg.filename}: frames has no setting {unknown[0]!r}; '
                            f'expected {", ".join(DEFAULTS)}')
    return settings


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
    """Remove what was made from an earlier file of this name."""
    workspace = context.workspace
    shots = workspace.frames.glob(f'{glob.escape(name)}_shot*.json')
    for candidate in (name, *sorted(path.stem for path in shots)):
        clip = workspace.read_clip(candidate)
        if clip is not None and clip.video == name and clip.stamp != stamp:
            workspace.clear_clip(clip)


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
    with measure_usage() as usage:
        file_names = extract_frames(video, start, stop, context.workspace.frames / name,
                                    settings['max_short_side'],
                                    progress=lambda done, total: bar.update())
    clip = Clip(name, video.name, str(video.path), stamp, number, len(shots), start,
                stop, video.fps, video.size,
                open_video(context.workspace.frames / name).size, file_names)
    context.workspace.state.set_record(STAGE, name, dict(
        seconds=usage.seconds, peak_memory_mb=usage.peak_memory_mb, frames=stop - start))
    context.workspace.write_clip(clip)
    return clip
