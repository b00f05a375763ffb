# Stage 3 at full size. Start from class-agnostic weights trained without labels: set `load_from`.
_base_ = [
    '../_base_/models/distiller_r50.py', '../_base_/schedules/sparse_to_dense_32k.py',
    '../_base_/datasets/keymask_clips.py', '../_base_/default_runtime.py'
]

optim_wrapper = dict(constructor='StudentOptimWrapperConstructor')
