# What moves by itself and what looks like it: no weights, any machine.
default_scope = 's2d_plugins'
proposer = dict(type='MotionColorProposer')
