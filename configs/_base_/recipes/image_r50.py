# The class-agnostic image model, but for its data.
_base_ = [
    '../models/mask2former_image_r50.py', '../schedules/image_160k.py', '../default_runtime.py'
]

visualizer = dict(type='DetLocalVisualizer')
