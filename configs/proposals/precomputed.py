# Masks of another program, made proposals files by tools/import_proposals.py: one per video.
default_scope = 's2d_plugins'
proposer = dict(type='PrecomputedProposals', path='data/proposals')
