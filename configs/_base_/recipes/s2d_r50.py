# Stage 3 but for its data. Start from class-agnostic image weights: set `load_from`.
_base_ = [
    '../models/distiller_r50.py', '../schedules/sparse_to_dense_32k.py', '../default_runtime.py'
]

optim_wrapper = dict(constructor='StudentOptimWrapperConstructor')
