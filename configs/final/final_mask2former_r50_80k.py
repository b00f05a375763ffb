# Stage 5 with your own data and the whole batch in one process.
# Start from the same weights as stage 3, or from its teacher: set `load_from`.
_base_ = ['../_base_/recipes/final_r50.py', '../_base_/datasets/dense_clips.py']

train_dataloader = dict(batch_size=16, num_workers=8)
