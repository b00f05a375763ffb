"""Weights for trackers, read as data and checked key by key."""

import torch

from ..errors import S2DInputError


def load_weights(model: torch.nn.Module, checkpoint: str) -> None:
    """Load weights from a path or URL into a tracker's network.

    Args:
        model: The network.
        checkpoint: Path or URL of an mmengine or plain checkpoint.

    Raises:
        S2DInputError: If it cannot be read or downloaded, or does not fit the network.
    """
    state = read_checkpoint(checkpoint)
    state = state.get('state_dict', state.get('model', state))
    result = model.load_state_dict(state, strict=False)
    missing = [key for key in result.missing_keys if not key.endswith('num_batches_tracked')]
    if missing or result.unexpected_keys:
        example = (missing or result.unexpected_keys)[0]
        raise S2DInputError(f'{checkpoint} does not fit the network: {len(missing)} weights '
                            f'are missing, {len(result.unexpected_keys)} are unknown, for example '
                            f'{example}; give the checkpoint that belongs to the config')


def read_checkpoint(checkpoint: str) -> dict:
    """Read a checkpoint from a path or URL without running code that it may carry."""
    from ..fileio.checkpoints import allow_mmengine_types, load_checkpoint
    if not str(checkpoint).startswith(('http://', 'https://')):
        return load_checkpoint(checkpoint)
    allow_mmengine_types()
    try:
        return torch.hub.load_state_dict_from_url(checkpoint, map_location='cpu', progress=False,
                                                  weights_only=True)
    except OSError as error:
        raise S2DInputError(f'cannot download {checkpoint} ({error}); download it elsewhere and '
                            'give the path of the file as checkpoint, or use '
                            "motion_prior=dict(type='OpenCVFlowPrior'), which needs no weights"
                            ) from error
