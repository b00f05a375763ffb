"""A checkpoint of another architecture is an error, not a quiet start from random weights."""

from collections.abc import Iterable, Sequence

from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import Runner

from ..arguments import check_type, items_of
from ..errors import S2DInputError
from ..fileio.checkpoint_checks import check_resumable, weights_of
from ..models.weight_names import adapt_weights
from ..registry import HOOKS


@HOOKS.register_module()
class CheckpointFitHook(Hook):
    """Check that a checkpoint fills the whole model, and rename where only names differ.

    mmengine loads whatever fits and notes the rest in its log; a training that starts from the
    wrong file then looks like one that learns badly. Renamed is what
    :func:`~s2d_plugins.models.weight_names.adapt_weights` knows: image to video Mask2Former,
    segmenter to distiller and back.

    Args:
        may_differ: Parts of the names of weights that may be missing, left over or of another
            shape, for example ``['cls_embed']`` to start from weights with other classes; they
            keep their initial values. ``['']`` allows everything.

    Raises:
        S2DInputError: If a weight does not fit, with counts and an example, or if a training that
            is resumed cannot go on from the checkpoint.
    """

    priority = 'VERY_HIGH'

    def __init__(self, may_differ: Sequence[str] = ()):
        check_type(self, str, 'part of a name',
                   **items_of(self, 'may_differ', may_differ, least=0))
        self.may_differ = tuple(may_differ)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Rename and check the weights that were read."""
        model = runner.model
        while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
            model = model.module
        wanted = model.state_dict()
        weights = weights_of(checkpoint, _source(runner))
        if runner._resume:
            check_resumable(checkpoint, _source(runner))
        weights = adapt_weights({name.removeprefix('module.'): value
                                 for name, value in weights.items()}, wanted)
        reshaped = self._that_matter(
            name for name in weights.keys() & wanted.keys()
            if weights[name].shape != wanted[name].shape)
        missing = self._that_matter(
            name for name in wanted.keys() - weights.keys()
            if not name.endswith('num_batches_tracked'))
        left_over = self._that_matter(weights.keys() - wanted.keys())
        if reshaped or missing or left_over:
            example = (reshaped + missing + left_over)[0]
            raise S2DInputError(
                f'{_source(runner)} is of another architecture: {len(missing)} weights missing, '
                f'{len(left_over)} left over, {len(reshaped)} of another shape, for example '
                f'{example}; give the checkpoint of this model, or name the parts that may '
                'differ in default_hooks.checkpoint_fit.may_differ')
        checkpoint['state_dict'] = {
            name: value for name, value in weights.items()
            if name in wanted and value.shape == wanted[name].shape}

    def _that_matter(self, names: Iterable[str]) -> list[str]:
        return sorted(name for name in names
                      if not any(part in name for part in self.may_differ))


def _source(runner: Runner) -> str:
    return str(runner._load_from or 'the newest checkpoint of the work dir')
