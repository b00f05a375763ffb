# Keymask discovery with RAFT of mmflow (downloaded weights, Apache-2.0). For another network give
# MMFlowPrior its mmflow config, checkpoint and size_divisor.
_base_ = './opencv_flow.py'
discovery = dict(
    motion_prior=dict(_delete_=True, type='MMFlowPrior', batch_size=8, half=True, cache_dir=None))
