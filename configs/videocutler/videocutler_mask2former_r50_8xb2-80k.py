# VideoCutLER's training on dense labels: a baseline, not S2D.
_base_ = [
    '../_base_/recipes/videocutler_r50.py',
    '../_base_/datasets/copy_paste_clips.py',
]
