"""Features of patches, for MaskCut."""

from .backbone_features import BackboneFeatures
from .base_feature_extractor import BaseFeatureExtractor
from .motion_color_features import MotionColorFeatures
from .timm_features import TimmFeatures

__all__ = ['BackboneFeatures', 'BaseFeatureExtractor', 'MotionColorFeatures', 'TimmFeatures']
