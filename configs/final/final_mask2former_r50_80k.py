# Stage 5 at full size: start from the same weights as stage 3, or from its teacher.
_base_ = [
    '../_base_/models/segmenter_r50.py', '../_base_/schedules/final_80k.py',
    '../_base_/datasets/dense_clips.py', '../_base_/default_runtime.py'
]
