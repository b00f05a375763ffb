# MaskCut on the keys of DINOv2's ViT-S/14: 34x34 patches.
# Weights: Apache-2.0, 88 MB, `python tools/download_weights.py dinov2_vits14`.
_base_ = 'maskcut_dino-b8.py'
proposer = dict(
    extractor=dict(model='dinov2_vits14', checkpoint='s2d://dinov2_vits14', image_size=476),
    refiner=dict(softness=10.0))
