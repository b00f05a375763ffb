_base_ = [
    '../_base_/recipes/final_swin-t.py',
    '../_base_/datasets/youtube_vis_2019_dense_clips.py',
]
