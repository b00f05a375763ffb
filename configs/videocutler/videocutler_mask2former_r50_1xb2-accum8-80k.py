_base_ = [
    '../_base_/recipes/videocutler_r50_accum8.py',
    '../_base_/datasets/copy_paste_clips.py',
]
