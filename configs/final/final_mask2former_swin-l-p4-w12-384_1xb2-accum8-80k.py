_base_ = [
    '../_base_/recipes/final_swin-l_accum8.py',
    '../_base_/datasets/dense_clips.py',
]
