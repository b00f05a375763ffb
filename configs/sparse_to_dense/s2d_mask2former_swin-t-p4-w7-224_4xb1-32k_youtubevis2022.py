_base_ = [
    '../_base_/recipes/s2d_swin-t.py',
    '../_base_/datasets/youtube_vis_2022_keymask_clips.py',
]
