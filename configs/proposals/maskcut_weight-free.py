# MaskCut on colour, place and what moves other than the camera explains: no weights at all.
_base_ = 'maskcut_motion-color.py'
proposer = dict(extractor=dict(motion=dict(type='ResidualMotion')))
