_base_ = [
    '../_base_/recipes/final_swin-l.py',
    '../_base_/datasets/mixture_dense_clips.py',
]
