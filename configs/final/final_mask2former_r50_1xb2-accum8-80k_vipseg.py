_base_ = [
    '../_base_/recipes/final_r50_accum8.py',
    '../_base_/datasets/vipseg_dense_clips.py',
]
