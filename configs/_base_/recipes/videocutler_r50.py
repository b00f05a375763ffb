# VideoCutLER's training on dense labels, but for its data. Start from the weights of the image
# model: set `load_from`.
_base_ = [
    '../models/segmenter_r50.py', '../schedules/videocutler_80k.py', '../default_runtime.py'
]
