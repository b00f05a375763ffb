_base_ = [
    '../_base_/recipes/final_swin-t.py',
    '../_base_/datasets/vipseg_dense_clips.py',
]
