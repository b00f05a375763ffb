# YouTube-VIS 2022, the short videos of the validation split, on their own annotations.
_base_ = '../_base_/recipes/evaluation_r50.py'
data_root = 'data/youtube_vis_2022/'
ann_file = 'annotations/youtube_vis_2022_valid_short.json'

test_dataloader = dict(
    dataset=dict(
        data_root=data_root, ann_file=ann_file, data_prefix=dict(img_path='valid/JPEGImages/')))
test_evaluator = dict(ann_file=data_root + ann_file)
