# MaskCut on the keys of DINOv3's ViT-S/16: 48x48 patches. Weights: DINOv3 License.
_base_ = 'maskcut_dino-b8.py'
proposer = dict(extractor=dict(model='dinov3_vits16', image_size=768))
