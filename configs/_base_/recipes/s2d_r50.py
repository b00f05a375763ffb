# Self-distillation, on keymasks and then on dense labels, but for its data. Both rounds start from
# class-agnostic image weights: set `load_from`.
_base_ = [
    '../models/distiller_r50.py', '../schedules/distillation_32k.py', '../default_runtime.py'
]

optim_wrapper = dict(constructor='StudentOptimWrapperConstructor')
