_base_ = [
    '../_base_/recipes/final_swin-t.py',
    '../_base_/datasets/sa_v_dense_clips.py',
]
