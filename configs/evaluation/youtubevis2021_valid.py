# YouTube-VIS 2021, validation split of 421 videos, on its own annotations.
_base_ = '../_base_/recipes/evaluation_r50.py'
data_root = 'data/youtube_vis_2021/'
ann_file = 'annotations/youtube_vis_2021_valid.json'

test_dataloader = dict(
    dataset=dict(
        data_root=data_root, ann_file=ann_file, data_prefix=dict(img_path='valid/JPEGImages/')))
test_evaluator = dict(ann_file=data_root + ann_file)
