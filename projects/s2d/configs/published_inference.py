# The authors' trained model on your own videos; nothing is trained. The weights need a click:
#     python tools/download_weights.py s2d_zeroshot
default_scope = 's2d_plugins'

frames = dict(max_short_side=480, min_frames=1)
trained_model = dict(
    config='configs/final/s2d_mask2former_r50_4xb1-32k.py', weights='s2d://s2d_zeroshot')
# as in published.py, but for people: what the model is sure of
inference = dict(
    window='auto', top_k=50, score_thr=0.5, tube_nms_iou=0.75, link_iou=0.3)
