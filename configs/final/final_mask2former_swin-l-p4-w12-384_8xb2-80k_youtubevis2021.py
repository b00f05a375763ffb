_base_ = [
    '../_base_/recipes/final_swin-l.py',
    '../_base_/datasets/youtube_vis_2021_dense_clips.py',
]
