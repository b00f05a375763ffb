# MaskCut on the keys of DINO's ViT-S/8: a quarter of the time of ViT-B/8.
_base_ = './maskcut_dino-vit-b8.py'
proposer = dict(extractor=dict(model='dino_vits8'))
