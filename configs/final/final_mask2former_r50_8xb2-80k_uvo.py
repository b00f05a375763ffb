_base_ = [
    '../_base_/recipes/final_r50.py',
    '../_base_/datasets/uvo_dense_clips.py',
]
