# MaskCut on the keys of DINO's ViT-S/8: a quarter of ViT-B/8's operations.
# Weights: Apache-2.0, 87 MB, `python tools/download_weights.py dino_vits8`.
_base_ = 'maskcut_dino-b8.py'
proposer = dict(extractor=dict(model='dino_vits8', checkpoint='s2d://dino_vits8'))
