_base_ = [
    '../_base_/recipes/final_swin-l_accum8.py',
    '../_base_/datasets/youtube_vis_2021_dense_clips.py',
]
