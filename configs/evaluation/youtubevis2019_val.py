# YouTube-VIS 2019, validation split of 302 videos, on its own annotations.
_base_ = '../_base_/recipes/evaluation_r50.py'
data_root = 'data/youtube_vis_2019/'
ann_file = 'annotations/youtube_vis_2019_valid.json'

test_dataloader = dict(
    dataset=dict(
        data_root=data_root, ann_file=ann_file, data_prefix=dict(img_path='valid/JPEGImages/')))
test_evaluator = dict(ann_file=data_root + ann_file)
