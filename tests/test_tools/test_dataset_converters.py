"""tools/dataset_converters/convert_dataset.py on a few frames in the layout of every dataset."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / 'tools/dataset_converters'),
                str(ROOT / 'tests/test_dataset_converters')]
import convert_dataset  # noqa: E402
import dataset_layouts as layouts  # noqa: E402

from s2d_plugins.labels.faults import find_faults  # noqa: E402
from s2d_plugins.labels.rle import decode_mask  # noqa: E402


def convert(*arguments):
    return convert_dataset.main([str(argument) for argument in arguments])


def read(path, frames):
    """A label file that has no faults and whose frames exist."""
    labels = json.loads(path.read_text())
    assert list(find_faults(labels, frames)) == []
    return labels


def boxes(labels, video_id=1):
    return [annotation['bboxes'] for annotation in labels['annotations']
            if annotation['video_id'] == video_id]


FOLDERS = [
    ('youtube_vis_2019', layouts.youtube_vis, [], 'youtube_vis_2019_train', 'train/JPEGImages', 2),
    ('youtube_vis_2021', layouts.youtube_vis_2021, [], 'youtube_vis_2021_train',
     'train/JPEGImages', 2),
    ('youtube_vis_2022', layouts.youtube_vis_2021, [], 'youtube_vis_2022_train',
     'train/JPEGImages', 2),
    ('ovis', layouts.ovis, [], 'ovis_train', 'train', 2),
    ('uvo', layouts.uvo, ['--split', 'val'], 'uvo_val', 'uvo_videos_dense_frames', 1),
    ('davis2017', layouts.davis2017, ['--split', 'val'], 'davis2017_val', 'JPEGImages/480p', 1),
    ('davis2017', layouts.davis2017, ['--unsupervised'], 'davis2017_unsupervised_all',
     'JPEGImages/480p', 2),
    ('mose', layouts.mose, [], 'mose_train', 'train/JPEGImages', 2),
    ('sa_v', layouts.sa_v_val, [], 'sa_v_all', 'JPEGImages_24fps', 1),
    ('vipseg', layouts.vipseg_release, ['--split', 'val'], 'vipseg_val', 'imgs', 1),
]


@pytest.mark.parametrize(('name', 'make', 'options', 'out', 'frames', 'videos'), FOLDERS)
def test_two_objects_of_every_dataset(tmp_path, capsys, name, make, options, out, frames, videos):
    make(tmp_path)
    assert convert(name, tmp_path, *options) == 0
    labels = read(tmp_path / 'annotations' / f'{out}.json', tmp_path / frames)
    assert [video['id'] for video in labels['videos']] == list(range(1, videos + 1))
    assert all(video['length'] == 3 and (video['height'], video['width']) == layouts.SIZE
               for video in labels['videos'])
    for video in labels['videos']:
        assert boxes(labels, video['id']) == layouts.BOXES
    assert labels['categories'] == [dict(id=1, name='object')]
    assert {annotation['category_id'] for annotation in labels['annotations']} == {1}
    masks = labels['annotations'][0]['segmentations']
    assert all(np.array_equal(decode_mask(rle), layouts.mask(1, frame))
               for frame, rle in enumerate(masks))
    output = capsys.readouterr()
    assert f'{videos} videos, {3 * videos} frames, {2 * videos} instances' in output.out
    assert str(tmp_path / frames) in output.out and 'videos' in output.err


def test_vipseg_at_720p_takes_things_and_stuff_on_demand(tmp_path):
    layouts.vipseg_720p(tmp_path)
    assert convert('vipseg', tmp_path, '--split', 'val', '--keep-classes') == 0
    labels = read(tmp_path / 'annotations/vipseg_val.json', tmp_path / 'images')
    by_category = {annotation['category_id']: annotation['bboxes']
                   for annotation in labels['annotations'] if annotation['video_id'] == 1}
    assert by_category == {60: layouts.BOXES[0], 48: layouts.BOXES[1]}
    assert [category['name'] for category in labels['categories']] == ['car', 'person']
    assert labels['videos'][0]['source_id'] == layouts.VIPSEG_VIDEOS[0]
    assert convert('vipseg', tmp_path, '--split', 'val', '--stuff', '--out', tmp_path / 'b') == 0
    assert [[0, 0, 32, 2]] * 3 in boxes(read(tmp_path / 'b', tmp_path / 'images'))


def test_classes_of_the_vipseg_release(tmp_path):
    layouts.vipseg_release(tmp_path)
    assert convert('vipseg', tmp_path, '--keep-classes', '--stuff') == 0
    labels = read(tmp_path / 'annotations/vipseg_all.json', tmp_path / 'imgs')
    assert len(labels['videos']) == 2
    assert sorted(annotation['category_id'] for annotation in labels['annotations'][:3]) == [
        28, 48, 60]


@pytest.mark.parametrize('name', ['youtube_vis_2019', 'ovis'])
def test_keep_classes(tmp_path, name):
    (layouts.ovis if name == 'ovis' else layouts.youtube_vis)(tmp_path)
    assert convert(name, tmp_path, '--keep-classes', '--out', tmp_path / 'out.json') == 0
    labels = json.loads((tmp_path / 'out.json').read_text())
    assert labels['categories'] == layouts.CATEGORIES
    assert [annotation['category_id'] for annotation in labels['annotations']] == [26, 1, 26, 1]


def test_davis_2016_is_one_object_in_both_releases(tmp_path):
    layouts.davis2016(tmp_path / 'a')
    assert convert('davis2016', tmp_path / 'a', '--split', 'val') == 0
    labels = read(tmp_path / 'a/annotations/davis2016_val.json', tmp_path / 'a/JPEGImages/480p')
    assert [video['name'] for video in labels['videos']] == ['bmx-trees']
    assert boxes(labels) == [[[3, 2, 6, 6], [4, 2, 20, 18], [5, 2, 19, 18]]]
    layouts.davis2017(tmp_path / 'b')
    assert convert('davis2016', tmp_path / 'b', '--split', 'val') == 0
    labels = read(tmp_path / 'b/annotations/davis2016_val.json', tmp_path / 'b/JPEGImages/480p')
    assert [video['name'] for video in labels['videos']] == ['blackswan']
    assert labels['annotations'][0]['areas'] == [36, 36 + 80, 36 + 80]


def test_davis_2016_read_as_2017_is_explained(tmp_path, capsys):
    layouts.davis2016(tmp_path)
    assert convert('davis2017', tmp_path) == 2
    assert 'those of DAVIS 2016' in capsys.readouterr().err


def test_sa_v_videos_are_extracted_once_every_fourth_frame(tmp_path, capsys):
    layouts.sa_v_train(tmp_path / 'train', kinds=('manual', 'auto'))
    frames = tmp_path / 'frames'
    out = tmp_path / 'train/annotations/sa_v_all.json'
    assert convert('sa_v', tmp_path / 'train') == 2
    assert 'say where to with --frames' in capsys.readouterr().err
    assert convert('sa_v', tmp_path / 'train', '--frames', frames) == 0
    labels = read(out, frames)
    assert boxes(labels) == layouts.BOXES  # the masklet that is never seen is left out
    assert labels['videos'][0]['file_names'] == [f'sav_000001/{k:05d}.jpg' for k in range(3)]
    grey = [Image.open(frames / name).convert('L').getpixel((5, 5))
            for name in labels['videos'][0]['file_names']]
    assert np.abs(np.array(grey) - [0, 80, 160]).max() < 8
    made = (frames / 'sav_000001/00000.jpg').stat().st_mtime_ns
    assert convert('sa_v', tmp_path / 'train', '--frames', frames, '--masklets', 'both') == 0
    assert boxes(read(out, frames)) == [*layouts.BOXES, layouts.BOXES[1]]
    assert (frames / 'sav_000001/00000.jpg').stat().st_mtime_ns == made


def test_frames_of_another_video_are_extracted_again(tmp_path, capsys):
    layouts.write_video(tmp_path / 'in/drive.mp4', 5)
    frames, out = tmp_path / 'frames', tmp_path / 'out.json'

    def run(*more):
        before = {path: path.stat().st_mtime_ns for path in frames.rglob('*.jpg')}
        capsys.readouterr()
        assert convert('videos', tmp_path / 'in', '--frames', frames, '--out', out, *more) == 0
        after = {path: path.stat().st_mtime_ns for path in frames.rglob('*.jpg')}
        return before != after, capsys.readouterr().out

    assert run()[0]
    assert [path.name for path in frames.iterdir()] == ['drive']
    assert not run()[0]
    layouts.write_video(tmp_path / 'in/drive.mp4', 5)  # another one, also of five frames
    os.utime(tmp_path / 'in/drive.mp4', (1, 1))
    changed, said = run()
    assert changed and f'the frames in {frames}/drive are extracted again, since video' in said
    changed, said = run('--max-short-side', 12)
    assert changed and 'since size changed' in said
    assert json.loads(out.read_text())['videos'][0]['height'] == 12
    (frames / 'drive/00003.jpg').unlink()
    changed, said = run('--max-short-side', 12)
    assert changed and 'since their number changed' in said
    (frames / 'drive/precious.txt').write_text('')
    assert convert('videos', tmp_path / 'in', '--frames', frames, '--out', out) == 2
    assert 'frames/drive, which holds precious.txt; move it away' in capsys.readouterr().err
    assert len(list((frames / 'drive').glob('*.jpg'))) == 5


def test_frames_of_all_serve_those_that_want_some(tmp_path):
    """SA-V's annotated frames from what was extracted in full, then without the video."""
    layouts.sa_v_train(tmp_path / 'train')
    frames, out = tmp_path / 'frames', tmp_path / 'train/annotations/sa_v_all.json'
    assert convert('videos', tmp_path / 'train/sav_000', '--frames', frames, '--out',
                   tmp_path / 'all.json') == 0
    assert convert('sa_v', tmp_path / 'train', '--frames', frames) == 0
    assert read(out, frames)['videos'][1]['file_names'] == [
        f'sav_000002/{k:05d}.jpg' for k in (0, 4, 8)]
    for video in (tmp_path / 'train').rglob('*.mp4'):
        video.unlink()
    assert convert('sa_v', tmp_path / 'train', '--frames', frames) == 0


def test_a_folder_that_holds_no_frames_is_not_replaced(tmp_path, capsys):
    layouts.write_video(tmp_path / 'in/drive.mp4', 5)
    (tmp_path / 'frames/drive').mkdir(parents=True)
    (tmp_path / 'frames/drive/notes.txt').write_text('mine')
    assert convert('videos', tmp_path / 'in', '--frames', tmp_path / 'frames') == 2
    assert 'which holds notes.txt; move it away' in capsys.readouterr().err
    assert (tmp_path / 'frames/drive/notes.txt').read_text() == 'mine'


@pytest.mark.parametrize(('name', 'make', 'out'), [
    ('youtube_vis_2019', layouts.youtube_vis, 'train.json'),
    ('uvo', layouts.uvo, 'VideoDenseSet/UVO_video_train_dense_with_label.json'),
    ('sa_v', layouts.sa_v_train, 'sav_000/sav_000001_manual.json')])
def test_labels_spare_what_they_are_made_from(tmp_path, capsys, name, make, out):
    make(tmp_path)
    target = tmp_path / out
    if not target.exists():
        target = next(path for path in tmp_path.rglob('*.json'))
    before = target.read_bytes()
    frames = ('--frames', tmp_path / 'f') if name == 'sa_v' else ()
    split = ('--split', 'val') if name == 'uvo' else ()
    assert convert(name, tmp_path, '--out', target, *frames, *split) == 2
    assert 'would be written over' in capsys.readouterr().err
    assert target.read_bytes() == before


def test_frames_spare_the_dataset(tmp_path, capsys):
    layouts.sa_v_train(tmp_path / 'train')
    assert convert('sa_v', tmp_path / 'train', '--frames', tmp_path / 'train') == 2
    assert 'is the input' in capsys.readouterr().err


def test_sa_v_takes_frames_that_were_extracted_in_full(tmp_path, capsys):
    layouts.sa_v_train(tmp_path / 'train')
    for name in ('sav_000001', 'sav_000002'):
        layouts.write_frames(tmp_path / 'frames' / name, [f'{k:05d}.jpg' for k in range(11)])
    assert convert('sa_v', tmp_path / 'train', '--frames', tmp_path / 'frames') == 0
    labels = json.loads((tmp_path / 'train/annotations/sa_v_all.json').read_text())
    assert labels['videos'][1]['file_names'] == [
        f'sav_000002/{k:05d}.jpg' for k in (0, 4, 8)]
    (tmp_path / 'frames/sav_000002/00005.jpg').unlink()
    assert convert('sa_v', tmp_path / 'train', '--frames', tmp_path / 'frames') == 2
    assert 'holds 10 frames, expected the 3 wanted or all 11' in capsys.readouterr().err
    assert len(list((tmp_path / 'frames/sav_000002').iterdir())) == 10


def test_uvo_frames_are_extracted_where_only_videos_are(tmp_path):
    layouts.uvo(tmp_path, extracted=False)
    assert convert('uvo', tmp_path, '--split', 'val') == 0
    frames = tmp_path / 'uvo_videos_dense_frames'
    labels = read(tmp_path / 'annotations/uvo_val.json', frames)
    first = Image.open(frames / labels['videos'][0]['file_names'][0]).convert('L')
    assert abs(first.getpixel((5, 5)) - 40) < 8  # frame 2 of the mp4
    assert labels['videos'][0]['source_id'] == 3


def test_sparse_sets_keep_the_frames_that_are_annotated(tmp_path, capsys):
    layouts.uvo_sparse(tmp_path / 'uvo')
    assert convert('uvo_sparse', tmp_path / 'uvo') == 0
    labels = read(tmp_path / 'uvo/annotations/uvo_sparse_train.json',
                  tmp_path / 'uvo/uvo_videos_sparse_frames')
    assert labels['videos'][0]['file_names'] == ['aaaaaaaaaaa/1.png']
    assert boxes(labels) == [[layouts.BOXES[0][1]], [layouts.BOXES[1][1]]]
    layouts.mose(tmp_path / 'mose', 'valid', annotated=1)
    assert convert('mose', tmp_path / 'mose', '--split', 'valid') == 2
    assert 'frame 1: ' in capsys.readouterr().err
    assert convert('mose', tmp_path / 'mose', '--split', 'valid', '--sparse') == 0
    labels = json.loads((tmp_path / 'mose/annotations/mose_valid.json').read_text())
    assert boxes(labels) == [[[3, 2, 6, 6], None, None]]


def test_split_without_annotations_is_listed_with_a_warning(tmp_path, capsys):
    layouts.youtube_vis(tmp_path, 'valid', 'valid.json')
    path = tmp_path / 'valid.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), 'annotations': None}))
    assert convert('youtube_vis_2022', tmp_path, '--split', 'valid') == 0
    assert 'has no annotations' in capsys.readouterr().err
    labels = json.loads((tmp_path / 'annotations/youtube_vis_2022_valid.json').read_text())
    assert len(labels['videos']) == 2 and labels['annotations'] == []


def test_plain_folders_and_video_files(tmp_path):
    layouts.write_frames(tmp_path / 'in/walk', ['frame2.jpg', 'frame10.jpg'])
    layouts.write_video(tmp_path / 'in/drive.mp4', 5)
    frames = tmp_path / 'frames'
    assert convert('videos', tmp_path / 'in', '--frames', frames, '--max-short-side', 12,
                   '--out', tmp_path / 'out.json') == 0
    labels = read(tmp_path / 'out.json', tmp_path)
    drive, walk = labels['videos']
    assert (drive['name'], drive['height'], drive['width'], drive['length']) == ('drive', 12, 16,
                                                                                5)
    assert drive['file_names'][4] == 'frames/drive/00004.jpg'
    assert walk['file_names'] == ['in/walk/frame2.jpg', 'in/walk/frame10.jpg']
    assert labels['annotations'] == []
    assert convert('videos', tmp_path / 'in/walk', '--out', tmp_path / 'one.json') == 0
    assert read(tmp_path / 'one.json', tmp_path / 'in')['videos'][0]['name'] == 'walk'


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def broken_rle(labels):
    labels['annotations'][1]['segmentations'][1]['counts'] = 'zzz'


def short(labels):
    labels['annotations'][0]['segmentations'].pop()


def other_size(labels):
    labels['annotations'][0]['segmentations'][2]['size'] = [32, 24]


def repeated(labels):
    labels['annotations'][1]['id'] = labels['annotations'][0]['id']


def unknown_video(labels):
    labels['annotations'][1]['video_id'] = 77


def unknown_category(labels):
    labels['annotations'][0]['category_id'] = 9


@pytest.mark.parametrize(('change', 'expected'), [
    (broken_rle, "video 'fb4a7958' (id 1), annotation 12, frame 1: the mask does not decode"),
    (short, 'annotation 11 has 2 segmentations, expected one per frame, 3'),
    (other_size, 'expected 24 x 32'),
    (repeated, 'id 11 occurs twice among its annotations'),
    (unknown_video, 'annotations of video 77, which it does not list'),
    (unknown_category, 'its category 9 is not among those'),
    (lambda labels: labels['videos'][0].pop('height'), 'missing required field height'),
    (lambda labels: labels['videos'][0].update(width='x'),
     'video 1 is not a video of a label file: at width: expected int, got str'),
    (lambda labels: labels['videos'][0].update(file_names=[]), 'array of length >= 1'),
    (lambda labels: labels['videos'].append(3), 'expected object, got int'),
    (lambda labels: labels.update(videos={}), 'expected a list of videos, found dict'),
    (lambda labels: labels.update(annotations='x'), 'expected a list of annotations, found str'),
    (lambda labels: labels['annotations'][0].pop('video_id'), 'missing required field video_id'),
    (lambda labels: labels['annotations'][0].update(id=[]), 'at id: expected int | str'),
    (lambda labels: labels['annotations'][0].update(segmentations=None),
     "video 'fb4a7958' (id 1), annotation is not an annotation of a label file: at segmentations"),
    (lambda labels: labels['categories'].append(None), 'categories at byte'),
    (lambda labels: labels['annotations'][0]['segmentations'].__setitem__(0, [[1, 2, 3, 4]]),
     'annotation 11, frame 0: the mask does not decode (expected polygons of at least three'),
    (lambda labels: labels.pop('videos'), 'is not YouTube-VIS JSON'),
])
def test_faults_of_json_name_file_video_and_frame(tmp_path, capsys, change, expected):
    layouts.ovis(tmp_path)
    edit(tmp_path / 'annotations_train.json', change)
    assert convert('ovis', tmp_path) == 2
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith('error')]
    assert len(error) == 1 and expected in error[0] and 'annotations_train.json' in error[0]
    out = tmp_path / 'annotations'
    assert not out.exists() or list(out.iterdir()) == []  # nothing half-written


@pytest.mark.parametrize('name', ['../outside/2.png', '/outside/2.png', 'a/../../b/2.png'])
def test_frames_that_a_json_places_elsewhere(tmp_path, capsys, name):
    root = tmp_path / 'uvo'
    layouts.uvo(root, extracted=False)
    layouts.write_video(tmp_path / 'outside.mp4', 6)

    def move(labels):
        labels['videos'][0]['file_names'][0] = name

    edit(root / 'VideoDenseSet/UVO_video_val_dense.json', move)
    assert convert('uvo', root, '--split', 'val') == 2
    assert f'names the file {name!r}, expected a path inside its folder' in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ['outside.mp4', 'uvo']
    assert not (root / 'uvo_videos_dense_frames').exists()


def test_masks_that_vipseg_places_elsewhere(tmp_path, capsys):
    layouts.vipseg_720p(tmp_path)

    def move(labels):
        labels['annotations'][0]['annotations'][0]['file_name'] = '../../x.png'

    edit(tmp_path / 'panoptic_gt_VIPSeg_val.json', move)
    assert convert('vipseg', tmp_path, '--split', 'val') == 2
    assert "names the file '../../x.png', expected a path inside" in capsys.readouterr().err


def test_lenient_leaves_out_a_faulty_video_and_counts(tmp_path, capsys):
    layouts.ovis(tmp_path)
    edit(tmp_path / 'annotations_train.json', broken_rle)
    assert convert('ovis', tmp_path, '--lenient') == 0
    assert 'warning: 1 faults, left out; the first:' in capsys.readouterr().err
    labels = read(tmp_path / 'annotations/ovis_train.json', tmp_path / 'train')
    assert [video['name'] for video in labels['videos']] == ['ca2a1d11']
    assert labels['videos'][0]['source_id'] == 2
    (tmp_path / 'train/ca2a1d11/img_0000002.jpg').unlink()
    assert convert('ovis', tmp_path, '--lenient') == 2
    assert 'none of the 2 videos' in capsys.readouterr().err
    assert convert('ovis', tmp_path, '--lenient', '--no-frames') == 0


def test_faults_of_frames_and_masks(tmp_path, capsys):
    layouts.mose(tmp_path)
    folder = tmp_path / 'train/Annotations/00cfb27e'

    def fails_with(expected):
        assert convert('mose', tmp_path) == 2
        assert expected in capsys.readouterr().err

    Image.fromarray(np.zeros((9, 9), np.uint8)).save(folder / '00001.png')
    fails_with('video 00cfb27e, frame 1: ')
    (folder / '00001.png').write_bytes(b'no image')
    fails_with('00cfb27e/00001.png')
    (folder / '00001.png').rename(folder / '00009.png')
    fails_with('00009.png has no frame of this name')
    assert convert('mose', tmp_path, '--split', 'test') == 2
    assert 'expected a folder per video in' in capsys.readouterr().err


@pytest.mark.parametrize(('arguments', 'expected'), [
    (['ovis', '.'], 'expected the annotations of ovis, split train, in'),
    (['uvo', '.', '--split', 'val'], 'UVO_video_val_dense.json'),
    (['sa_v', '.'], 'expected *_manual.json or the folder Annotations_6fps'),
    (['vipseg', '.'], 'expected panomasksRGB (720p version) or panomasks (release)'),
    (['davis2017', '.'], 'give the folder that the dataset was unpacked to'),
    (['videos', '.'], 'found no video'),
])
def test_wrong_folders(tmp_path, monkeypatch, capsys, arguments, expected):
    monkeypatch.chdir(tmp_path)
    assert convert(*arguments) == 2
    assert expected in capsys.readouterr().err


def test_faults_of_sa_v(tmp_path, capsys):
    layouts.sa_v_train(tmp_path, length=8)
    path = tmp_path / 'sav_000/sav_000001_manual.json'

    def fails_with(expected):
        assert convert('sa_v', tmp_path, '--frames', tmp_path / 'frames') == 2
        assert expected in capsys.readouterr().err

    fails_with('frame 8 is annotated, but only 8 frames decode')
    edit(path, lambda content: content['masklet'][1].pop())
    fails_with('video sav_000001, frame 4: expected 3 masklets')
    edit(path, lambda content: content.pop('masklet'))
    fails_with('sav_000001_manual.json is not a masklets file of SA-V: at its outermost value')
    assert not (tmp_path / 'frames').exists()


def test_vipseg_masks_and_json_of_other_versions(tmp_path, capsys):
    layouts.vipseg_720p(tmp_path)
    first = tmp_path / 'panomasksRGB' / layouts.VIPSEG_VIDEOS[0]
    (first / '00000336.png').replace(first / '00000341.png')
    assert convert('vipseg', tmp_path, '--split', 'val') == 2
    assert 'cannot read mask' in capsys.readouterr().err
    Image.open(first / '00000341.png').save(first / '00000336.png')
    assert convert('vipseg', tmp_path, '--split', 'val') == 2
    assert 'frame 1: ' in capsys.readouterr().err


def test_frames_into_the_folder_of_the_videos(tmp_path, capsys):
    layouts.write_video(tmp_path / 'drive.mp4', 3)
    assert convert('videos', tmp_path, '--frames', tmp_path) == 2
    assert 'say another folder with --frames' in capsys.readouterr().err


def test_nulls_and_placeholders_of_official_files(tmp_path):
    def change(labels):
        for annotation in labels['annotations']:
            annotation.update(iscrowd=None, areas=None, bboxes=[[0, 0, 0, 0]] * 3, length=1)
            annotation['id'] += 2**64
        for video in labels['videos']:
            video.update(length=None, name=None)
        labels['videos'][1]['id'] = 2**63
        for annotation in labels['annotations'][2:]:
            annotation['video_id'] = 2**63
    layouts.ovis(tmp_path)
    edit(tmp_path / 'annotations_train.json', change)
    assert convert('ovis', tmp_path) == 0
    labels = read(tmp_path / 'annotations/ovis_train.json', tmp_path / 'train')
    assert boxes(labels) == boxes(labels, 2) == layouts.BOXES
    assert [video['name'] for video in labels['videos']] == ['fb4a7958', 'ca2a1d11']
    assert labels['videos'][1]['source_id'] == 2**63
    edit(tmp_path / 'annotations_train.json', lambda labels: labels.update(categories=None))
    assert convert('ovis', tmp_path) == 0


@pytest.mark.parametrize('name', ['../outside/{}.png', '/{}.png', 'C:\\{}.png', '..\\{}.png'])
def test_uvo_writes_no_frame_outside_its_folder(tmp_path, capsys, name):
    root = tmp_path / 'uvo'
    layouts.uvo(root, extracted=False)
    layouts.write_video(root / 'outside.mp4', 6)
    edit(root / 'VideoDenseSet/UVO_video_val_dense.json', lambda labels: labels['videos'][0].update(
        file_names=[name.format(frame) for frame in range(3)]))
    before = {path for path in tmp_path.rglob('*') if path.is_file()}
    assert convert('uvo', root, '--split', 'val') == 2
    assert 'expected a path inside its folder' in capsys.readouterr().err
    assert {path for path in tmp_path.rglob('*') if path.is_file()} == before


@pytest.mark.parametrize('names', [
    ['-5x1YDSf9oA/2.png', 'b/3.png', '-5x1YDSf9oA/4.png'], [f'-5x1YDSf9oA/{n}.png' for n in '243'],
    [f'-5x1YDSf9oA/{"9" * 5000}.png'] * 3, [f'-5x1YDSf9oA/{n}.png' for n in '2x4']])
def test_uvo_takes_only_its_numbered_frames_from_a_video(tmp_path, capsys, names):
    layouts.uvo(tmp_path, extracted=False)
    edit(tmp_path / 'VideoDenseSet/UVO_video_val_dense.json',
         lambda labels: labels['videos'][0].update(file_names=names))
    assert convert('uvo', tmp_path, '--split', 'val') == 2
    assert 'is missing; get the frames' in capsys.readouterr().err
    assert not (tmp_path / 'uvo_videos_dense_frames').exists()


@pytest.mark.parametrize(('change', 'expected'), [
    (lambda x: x['annotations'][0].update(video_id='../a'), "names the file '../a', expected a"),
    (lambda x: x['annotations'][0]['annotations'][1].update(file_name='/b.png'), "file '/b.png'"),
    (lambda x: x['annotations'][0].update(video_id=3), 'annotations at byte'),
    (lambda x: x['annotations'][0].update(annotations=None), 'at annotations: expected array'),
    (lambda x: x['annotations'][0]['annotations'][0].pop('segments_info'), 'segments_info'),
    (lambda x: x['annotations'][0]['annotations'][0]['segments_info'].append(3),
     'segments_info[2]: expected object, got int'),
    (lambda x: x['categories'][0].pop('isthing'), 'category 0 is not a category of panoptic JSON'),
    (lambda x: x.update(categories=[]), 'found none for categories'),
    (lambda x: x.update(annotations=3), 'found none for annotations')])
def test_faults_of_vipseg_json(tmp_path, capsys, change, expected):
    layouts.vipseg_720p(tmp_path)
    edit(tmp_path / 'panoptic_gt_VIPSeg_val.json', change)
    assert convert('vipseg', tmp_path, '--split', 'val') == 2
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith('error')]
    assert len(error) == 1 and expected in error[0]


def test_lists_and_categories_that_lead_elsewhere(tmp_path, capsys):
    layouts.vipseg_release(tmp_path / 'vipseg')
    layouts.davis2017(tmp_path / 'davis')
    (tmp_path / 'vipseg/val.txt').write_text('../../x\n')
    (tmp_path / 'davis/ImageSets/2017/val.txt').write_text('..\n')
    for name in ('vipseg', 'davis'):
        dataset = 'davis2017' if name == 'davis' else name
        assert convert(dataset, tmp_path / name, '--split', 'val') == 2
        assert 'val.txt names the file' in capsys.readouterr().err
    (tmp_path / 'vipseg/panoVIPSeg_categories.json').write_text('{"id": 3}')
    assert convert('vipseg', tmp_path / 'vipseg') == 2
    assert 'not a list of categories of panoptic JSON' in capsys.readouterr().err


@pytest.mark.parametrize(('change', 'expected'), [
    (dict(masklet=3), 'at masklet: expected array, got int'),
    (dict(masklet=[]), 'at masklet: expected array of length >= 1'),
    (dict(masklet=[[3]]), 'at masklet[0][0]: expected object | array | null'),
    (dict(video_height=None), 'at video_height: expected float, got null'),
    (dict(video_width=-4.0), 'at video_width: expected float >= 1'),
    (dict(masklet=[[dict(size=[24, 32], counts='')]]), 'frame 0, masklet 0: the mask does not')])
def test_faults_of_sa_v_json(tmp_path, capsys, change, expected):
    layouts.sa_v_train(tmp_path)
    edit(tmp_path / 'sav_000/sav_000001_manual.json', lambda content: content.update(change))
    assert convert('sa_v', tmp_path, '--frames', tmp_path / 'frames') == 2
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith('error')]
    assert len(error) == 1 and expected in error[0]
    assert not (tmp_path / 'frames').exists()


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_any_number_of_masks(tmp_path, count):
    """One object in as many frames, and as many objects in one frame."""
    rle = layouts.encode_mask(layouts.mask(1, 0))
    videos = [layouts.vis_video(1, [f'a/{frame}.jpg' for frame in range(count)]),
              layouts.vis_video(2, ['b/0.jpg'])]
    annotations = [dict(id=0, video_id=1, category_id=1, segmentations=[rle] * count),
                   *(dict(id=number, video_id=2, category_id=1, segmentations=[rle])
                     for number in range(1, count + 1))]
    layouts.write(tmp_path / 'annotations_train.json', dict(
        videos=videos, annotations=annotations, categories=layouts.CATEGORIES))
    assert convert('ovis', tmp_path, '--no-frames') == 0
    labels = json.loads((tmp_path / 'annotations/ovis_train.json').read_text())
    assert list(find_faults(labels)) == []
    assert boxes(labels) == [[layouts.BOXES[0][0]] * count]
    assert boxes(labels, 2) == [[layouts.BOXES[0][0]]] * count


@pytest.mark.parametrize(('kind', 'reason'), [('pipe', 'it is a pipe'),
                                              ('link', 'it is a dangling link')])
def test_masklets_that_are_no_file(tmp_path, capsys, kind, reason):
    layouts.sa_v_train(tmp_path / 'train')
    path = next((tmp_path / 'train').rglob('*_manual.json'))
    path.unlink()
    os.mkfifo(path) if kind == 'pipe' else path.symlink_to('nowhere')
    assert convert('sa_v', tmp_path / 'train', '--frames', tmp_path / 'frames') == 2
    assert f'{path.name}: {reason}' in capsys.readouterr().err
