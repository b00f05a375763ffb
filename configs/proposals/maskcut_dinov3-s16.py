# MaskCut on the keys of DINOv3's ViT-S/16: 48x48 patches.
# Weights: DINOv3 License; timm fetches them from its hub. A file: proposer.extractor.checkpoint.
_base_ = 'maskcut_dino-b8.py'
proposer = dict(extractor=dict(model='dinov3_vits16', checkpoint=None, image_size=768))
