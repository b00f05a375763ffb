"""Weights into a network, all of them or none."""

from collections.abc import Mapping

import torch

from ...errors import S2DInputError, one_line, shortened

#: What to do about weights that are another network's.
ADVICE = 'give the weights of this architecture, or name the architecture of the weights'


def load_strictly(model: torch.nn.Module, weights: Mapping[str, torch.Tensor],
                  source: str) -> None:
    """Load weights that must be the network's, key by key.

    Raises:
        S2DInputError: If one is missing, unknown or of another shape.
    """
    own = {name for name in model.state_dict() if not name.endswith('num_batches_tracked')}
    missing, unknown = sorted(own - set(weights)), sorted(set(weights) - set(model.state_dict()))
    if missing or unknown:
        raise S2DInputError(f'{source} does not fit {type(model).__name__}: {len(missing)} weights '
                            f'are missing, {len(unknown)} are unknown, for example '
                            f'{(missing or unknown)[0]}; {ADVICE}')
    try:
        model.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise S2DInputError(f'{source} does not fit {type(model).__name__}: '
                            f'{shortened(one_line(error), 160)}; {ADVICE}') from error
