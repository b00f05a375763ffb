"""Weights for trackers, read as data and checked key by key."""

import torch

from ..errors import S2DInputError, one_line, shortened
from ..fileio.checkpoint_checks import weights_of
from ..fileio.checkpoint_sources import read_checkpoint


def load_weights(model: torch.nn.Module, checkpoint: str) -> None:
    """Load weights from a path or URL into a tracker's network.

    Args:
        model: The network.
        checkpoint: Path or URL of an mmengine or plain checkpoint.

    Raises:
        S2DInputError: If it cannot be read or downloaded, or does not fit the network.
    """
    weights = weights_of(read_checkpoint(checkpoint), checkpoint, ('state_dict', 'model'))
    advice = ('give the checkpoint that belongs to the config, or use '
              "motion_prior=dict(type='OpenCVFlowPrior'), which needs no weights")
    try:
        result = model.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise S2DInputError(f'{checkpoint} does not fit the network: '
                            f'{shortened(one_line(error), 200)}; {advice}') from error
    missing = [key for key in result.missing_keys if not key.endswith('num_batches_tracked')]
    if missing or result.unexpected_keys:
        example = (missing or result.unexpected_keys)[0]
        raise S2DInputError(f'{checkpoint} does not fit the network: {len(missing)} weights '
                            f'are missing, {len(result.unexpected_keys)} are unknown, for example '
                            f'{example}; {advice}')
