# CutS3D's detector on one GPU: CutLER's without DropLoss.
_base_ = './cutler_cascade-mask-rcnn_r50_fpn_1xb2-accum8-160k.py'

model = dict(roi_head=dict(drop_iou=None))
