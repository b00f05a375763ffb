# The published recipe (arXiv 2512.14440) on one GPU of 24 GB: CutS3D's proposals, CoTracker3, and
# two rounds of distillation from image weights. What it needs, and where that comes from:
#     python tools/download_weights.py --for projects/s2d/configs/published.py
default_scope = 's2d_plugins'

# a clip is one shot; the detector and both trainings see a short side of 360 to 480 pixels
frames = dict(max_short_side=480, min_frames=3)

# `cutler_proposals.py` and configs/proposals/ have other sources
proposer = dict(from_file='configs/proposals/cuts3d_cascade-mask-rcnn_r50_fpn.py')
discovery = dict(
    motion_prior=dict(
        type='CoTrackerPrior', mode='offline', checkpoint='s2d://cotracker3_offline'))
max_one2x = 0.5  # a guess: not published

distill = dict(
    config='configs/sparse_to_dense/s2d_mask2former_r50_1xb1-accum4-32k.py',
    options=dict(load_from='s2d://cutler_m2f_rn50'))
# both rounds start from the image weights
final = dict(
    config='configs/final/s2d_mask2former_r50_1xb1-accum4-32k.py',
    init_from=None,
    options=dict(load_from='s2d://cutler_m2f_rn50'))

dense = dict(score_thr=0.75)
# 50 tubes and NMS over whole tubes; what fits into memory is seen whole, as published
inference = dict(
    window='auto', top_k=50, score_thr=0.0, tube_nms_iou=0.75, link_iou=0.3)
