# MaskCut on colour, place and motion: any machine, weights come with the package.
default_scope = 's2d_plugins'
proposer = dict(
    type='MaskCutProposer',
    extractor=dict(type='MotionColorFeatures'),
    refiner=dict(type='EdgeRefiner'))
