"""The tables of names against the models that they speak of."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmdet.models import ResNet as MMDetResNet
from mmengine.config import Config
from official_files import CONFIGS, build, image_model
from published_mask2former import PublishedMask2Former

from s2d_plugins.errors import S2DInputError
from s2d_plugins.model_converters.official_backbones import (
    find_backbone,
    patches_to_official,
    patches_to_ours,
    resnet,
    swin,
)
from s2d_plugins.model_converters.official_head import HeadSizes, head_rows


def shapes_of(state_dict: dict) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in state_dict.items()}


def with_prefixes(column: str, backbone: str, head: str, counters: bool) -> dict:
    body = resnet(50)
    tables = (backbone, body.table), (head, head_rows(HeadSizes(), body.features))
    return {prefix + getattr(row, column): row.shape for prefix, table in tables for row in table
            if counters or not row.is_counter}


def test_the_tables_hold_the_published_model():
    table = with_prefixes('official', 'backbone.', 'sem_seg_head.', counters=False)
    assert len(table) == 557
    assert table == shapes_of(PublishedMask2Former().state_dict())


@pytest.mark.parametrize('image', [False, True])
def test_the_tables_hold_our_models(image):
    detector = Config.fromfile(CONFIGS / 'mask2former_video_r50.py').detector
    model = build(image_model(detector) if image else detector)
    table = with_prefixes('ours', 'backbone.', 'panoptic_head.' if image else 'track_head.',
                          counters=True)
    assert len(table) == 557 + 53
    assert table == shapes_of(model.state_dict())


@pytest.mark.parametrize('depth', [101, 152])
def test_deeper_resnets(depth):
    model = MMDetResNet(depth=depth, base_channels=4, stem_channels=4)
    found = find_backbone(shapes_of(model.state_dict()), official=False)
    assert found.name == f'ResNet-{depth}' and found.features == (16, 32, 64, 128)
    assert {row.ours: row.shape for row in found.table} == shapes_of(model.state_dict())


def test_a_backbone_with_a_missing_block_is_still_known():
    names = {row.official: row.shape for row in resnet(101).table
             if not row.official.startswith('res4.21.')}
    assert find_backbone(names, official=True).name == 'ResNet-101'


@pytest.mark.parametrize('official', [True, False])
def test_other_backbones_are_refused(official):
    with pytest.raises(S2DInputError, match='expected the backbone ResNet .* or Swin .*cls_token'):
        find_backbone({'cls_token': (1, 1, 768)}, official)
    with pytest.raises(S2DInputError, match='found no backbone'):
        find_backbone({}, official)


@pytest.mark.parametrize('table', [resnet(50).table, swin('tiny').table,
                                   head_rows(HeadSizes(), (256, 512, 1024, 2048))])
def test_no_name_stands_for_two_tensors(table):
    assert len({row.official for row in table}) == len({row.ours for row in table}) == len(table)


def test_patches_by_hand():
    # official: patches (row, column) 00, 10, 01, 11 with channels a, b each
    official = torch.tensor([0, 1, 10, 11, 20, 21, 30, 31])
    # ours: channel a of 00, 01, 10, 11, then channel b
    assert patches_to_ours(official).tolist() == [0, 20, 10, 30, 1, 21, 11, 31]


@given(st.integers(1, 5), st.integers(1, 4))
def test_patches_there_and_back(channels, rows):
    tensor = torch.arange(rows * 4 * channels).view(rows, -1)
    assert torch.equal(patches_to_official(patches_to_ours(tensor)), tensor)
    assert torch.equal(patches_to_ours(patches_to_official(tensor)), tensor)
