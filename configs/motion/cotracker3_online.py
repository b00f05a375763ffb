# Keymask discovery with CoTracker3 in sliding windows, for long videos.
_base_ = './opencv_flow.py'
discovery = dict(motion_prior=dict(_delete_=True, type='CoTrackerPrior', mode='online'))
