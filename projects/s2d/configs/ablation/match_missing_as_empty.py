# Variant 4: the matching cost counts frames without a keymask as empty masks, as the authors' does.
_base_ = './temporal_droploss.py'

model = dict(detector=dict(track_head=dict(match_known_frames_only=False)))
