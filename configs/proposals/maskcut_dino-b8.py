# MaskCut on the keys of DINO's ViT-B/8, as published: 60x60 patches, tau 0.15, up to 3 masks.
# Weights: Apache-2.0, 343 MB, `python tools/download_weights.py dino_vitb8`. A file of your own:
# proposer.extractor.checkpoint; None takes timm's from its hub.
default_scope = 's2d_plugins'
proposer = dict(
    type='MaskCutProposer',
    extractor=dict(type='TimmFeatures', model='dino_vitb8', checkpoint='s2d://dino_vitb8',
                   image_size=480),
    tau=0.15,
    max_masks=3,
    refiner=dict(type='EdgeRefiner'))
