# Measuring, but for its data. The plain segmenter takes the weights of a distiller's teacher too.
_base_ = [
    '../models/segmenter_r50.py', '../datasets/test_videos.py', '../default_runtime.py'
]

test_cfg = dict(type='TestLoop')
