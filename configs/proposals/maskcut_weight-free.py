# MaskCut on colour, place and motion: no weights, any machine.
default_scope = 's2d_plugins'
proposer = dict(type='MaskCutProposer', extractor=dict(type='MotionColorFeatures'))
