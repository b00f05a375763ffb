_base_ = [
    '../_base_/recipes/s2d_swin-l.py',
    '../_base_/datasets/youtube_vis_2021_keymask_clips.py',
]
