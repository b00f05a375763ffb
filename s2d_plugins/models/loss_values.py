"""Losses for the log in a single transfer."""

from collections import OrderedDict

from torch import Tensor

from .host_transfers import read_from_device


class LossValues:
    """For models of mmengine: what goes to the log are numbers, read from the device together.

    mmengine's are tensors, and the log reads each of them on its own: with nine decoder layers and
    a teacher sixty times a step.
    """

    def parse_losses(self, losses: dict) -> tuple[Tensor, dict[str, float]]:
        """Add up the losses; see mmengine's ``BaseModel``.

        Returns:
            The loss for the backward pass, and the values of all losses and of their sum, ``loss``.
        """
        total, terms = super().parse_losses(losses)
        values = read_from_device(*terms.values())
        return total, OrderedDict((name, value.item())
                                  for name, value in zip(terms, values, strict=True))
