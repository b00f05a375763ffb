# The recipe on sequences with one main moving object.
_base_ = './demo.py'

inference = dict(top_k=5)
