# Stage 3 with your own data and the whole batch in one process.
# Start from class-agnostic weights trained without labels: set `load_from`.
_base_ = ['../_base_/recipes/s2d_r50.py', '../_base_/datasets/keymask_clips.py']

train_dataloader = dict(batch_size=4)
