# What moves by itself and what looks like it: any machine, weights come with the package.
default_scope = 's2d_plugins'
proposer = dict(type='MotionColorProposer')
