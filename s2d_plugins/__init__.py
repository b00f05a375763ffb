"""S2D: sparse-to-dense keymask distillation for unsupervised VIS, as OpenMMLab plugins."""

__version__ = '0.1.0'
