# CutLER's detector, but for its data.
_base_ = [
    '../models/cascade-mask-rcnn_r50_fpn.py', '../schedules/detector_160k.py',
    '../default_runtime.py'
]

# CutLER's DropLoss
model = dict(roi_head=dict(drop_iou=0.01))
visualizer = dict(type='DetLocalVisualizer')
