"""The video segmenter, its sparse-to-dense head and loss, the distiller, a detector's parts."""

from .. import registry  # noqa: F401  (makes mmcv.ops importable before mmdet.models needs it)
from .bfloat16_optim_wrapper import BFloat16OptimWrapper
from .clip_data_preprocessor import ClipDataPreprocessor
from .keymask_evidence import KeymaskEvidence
from .mean_probability_cascade_head import MeanProbabilityCascadeHead
from .ranked_rpn_head import RankedRPNHead
from .sized_pixel_decoder import SizedPixelDecoder
from .sparse_to_dense_distiller import SparseToDenseDistiller
from .sparse_to_dense_head import SparseToDenseHead
from .sparse_to_dense_video import SparseToDenseVideo
from .student_optim_wrapper_constructor import StudentOptimWrapperConstructor
from .temporal_drop_loss import TemporalDropLoss
from .weighted_dice_loss import WeightedDiceLoss

__all__ = ['BFloat16OptimWrapper', 'ClipDataPreprocessor', 'KeymaskEvidence',
           'MeanProbabilityCascadeHead', 'RankedRPNHead', 'SizedPixelDecoder',
           'SparseToDenseDistiller', 'SparseToDenseHead', 'SparseToDenseVideo',
           'StudentOptimWrapperConstructor', 'TemporalDropLoss', 'WeightedDiceLoss']
