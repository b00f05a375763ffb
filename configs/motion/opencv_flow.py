# Keymask discovery with DIS flow: no weights, any machine. The paper's parameters.
default_scope = 's2d_plugins'
discovery = dict(motion_prior=dict(type='OpenCVFlowPrior'))
