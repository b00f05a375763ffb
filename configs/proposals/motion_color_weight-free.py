# What moves other than the camera explains, and what looks like it: no weights at all.
_base_ = 'motion_color.py'
proposer = dict(motion=dict(type='ResidualMotion'), main_levels=(0.7, 0.7, 0.6))
