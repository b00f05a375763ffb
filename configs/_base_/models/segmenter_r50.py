# The plain segmenter, on dense labels; an absent mask means an absent object.
_base_ = './mask2former_video_r50.py'

model = _base_.detector
