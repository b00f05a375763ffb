# Keymask discovery with CoTracker3, the tracker of the paper (weights CC-BY-NC, by torch.hub).
_base_ = './opencv_flow.py'
discovery = dict(motion_prior=dict(_delete_=True, type='CoTrackerPrior', mode='offline'))
