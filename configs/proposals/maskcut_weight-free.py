# MaskCut on colour, place and motion: no weights at all, any machine.
default_scope = 's2d_plugins'
proposer = dict(
    type='MaskCutProposer',
    extractor=dict(type='MotionColorFeatures', motion=dict(type='ResidualMotion')),
    refiner=dict(type='EdgeRefiner'))
