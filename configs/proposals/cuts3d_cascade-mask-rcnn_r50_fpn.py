# Proposals of CutS3D's detector, the paper's source: CutLER's architecture on smaller frames, with
# at most 10 masks each. The threshold is that of its demo; the paper's is not published. The
# weights are not ours: see their licence. Their page needs a click; the first line says what to do.
#     python tools/download_weights.py cuts3d_cascade
#     python tools/propose_masks.py configs/proposals/cuts3d_cascade-mask-rcnn_r50_fpn.py \
#         --videos VIDEOS --out PROPOSALS
_base_ = './cutler_cascade-mask-rcnn_r50_fpn.py'

model = dict(test_cfg=dict(rcnn=dict(max_per_img=10)))
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(1333, 360), keep_ratio=True, backend='pillow'),
    _base_.test_pipeline[-1]
]

proposer = dict(
    config=dict(model=model, test_pipeline=test_pipeline),
    checkpoint='s2d://cuts3d_cascade',
    score_thr=0.35,
    max_masks=10)
