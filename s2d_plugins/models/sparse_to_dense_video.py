"""Video Mask2Former that segments videos of any length in windows."""

from mmdet.models import Mask2FormerVideo
from torch import Tensor

from s2d_plugins.registry import MODELS


@MODELS.register_module()
class SparseToDenseVideo(Mask2FormerVideo):
    """mmdet's Video Mask2Former plus inference over windows; parameters have mmdet's names."""

    def segment_window(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Segment one window of a video.

        Args:
            inputs: (T, 3, H, W) normalised, padded frames, as the data preprocessor makes them.

        Returns:
            Scores (Q,), the probability of the best class, and mask logits (Q, T, h, w) on the
            padded frames' grid.
        """
        cls_scores, mask_preds = self.track_head(self.backbone(inputs), None)
        scores = cls_scores[-1][0].float().softmax(dim=-1)[:, :-1].amax(dim=-1)
        return scores, mask_preds[-1][0].float()
