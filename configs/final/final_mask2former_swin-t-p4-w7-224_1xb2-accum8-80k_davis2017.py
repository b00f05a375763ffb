_base_ = [
    '../_base_/recipes/final_swin-t_accum8.py',
    '../_base_/datasets/davis2017_dense_clips.py',
]
