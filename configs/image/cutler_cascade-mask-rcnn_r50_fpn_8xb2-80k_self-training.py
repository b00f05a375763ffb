# A round of CutLER's self-training: on the masks of an earlier detector, whose weights `load_from`
# names. No DropLoss, half the rate, which never falls, and detectron2's usual RPN.
_base_ = './cutler_cascade-mask-rcnn_r50_fpn_8xb2-160k.py'

model = dict(
    roi_head=dict(drop_iou=None),
    train_cfg=dict(rpn_proposal=dict(max_per_img=1000, nms=dict(iou_threshold=0.7))))
optim_wrapper = dict(optimizer=dict(lr=0.005, weight_decay=0.0001))
max_iters = 80000
param_scheduler = [dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=1000)]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters + 1)
