"""The list of models, read as openmim and mmengine's hub read it."""

import pytest
from config_files import CONFIGS, parse_name
from mmengine.fileio import load

ROOT = CONFIGS.parent
STAGES = ('image', 'sparse_to_dense', 'final', 'videocutler')


def read_metafiles() -> dict[str, dict]:
    """Return per stage what its metafile says."""
    paths = load(ROOT / 'model-index.yml')['Import']
    assert all((ROOT / path).is_file() for path in paths)
    return {path.split('/')[1]: load(ROOT / path) for path in paths}


def test_every_folder_that_trains_a_model_is_listed():
    assert set(read_metafiles()) == set(STAGES)


@pytest.mark.parametrize('stage', STAGES)
def test_every_config_is_a_model(stage):
    metafile = read_metafiles()[stage]
    collection, = metafile['Collections']
    assert (ROOT / collection['README']).is_file()
    assert collection['Paper'].keys() == {'URL', 'Title'} and collection['Metadata']
    models = {model['Config']: model for model in metafile['Models']}
    assert len(models) == len(metafile['Models'])
    assert set(models) == {path.relative_to(ROOT).as_posix()
                           for path in (CONFIGS / stage).glob('*.py')}
    for path, model in models.items():
        stem = (ROOT / path).stem  # the final round's files are named as the first round's
        assert model['Name'] == (f'final_{stem.removeprefix("final_")}' if stage == 'final'
                                 else stem)
        assert model['In Collection'] == collection['Name']
        assert model['Metadata']['Iterations'] > 0


def test_every_model_has_a_name_of_its_own():
    names = [model['Name'] for metafile in read_metafiles().values()
             for model in metafile['Models']]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize('stage', STAGES)
def test_numbers_and_data_are_those_of_the_names(stage):
    for model in read_metafiles()[stage]['Models']:
        name = parse_name(stage, model['Config'].rpartition('/')[2])
        if name is None:
            continue
        assert model['Metadata']['Iterations'] == name.steps * 1000 * name.accum
        data = model['Metadata'].get('Training Data', '')
        known = (name.dataset or '').replace('mixture', 'sav')
        assert data.lower().replace('-', '').replace(' ', '').startswith(known.replace('-', ''))
        assert bool(data) is bool(name.dataset)
