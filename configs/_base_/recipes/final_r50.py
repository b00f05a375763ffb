# Stage 5 but for its data. Start from the weights of stage 0, or from stage 3's: set `load_from`.
_base_ = [
    '../models/segmenter_r50.py', '../schedules/final_80k.py', '../default_runtime.py'
]
