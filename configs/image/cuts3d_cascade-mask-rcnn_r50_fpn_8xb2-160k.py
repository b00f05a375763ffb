# CutS3D's detector: CutLER's without DropLoss.
_base_ = './cutler_cascade-mask-rcnn_r50_fpn_8xb2-160k.py'

model = dict(roi_head=dict(drop_iou=None))
