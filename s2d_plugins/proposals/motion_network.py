"""A small network that sees from motion cues what moves by itself."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import S2DInputError, one_line, shortened
from ..fileio.checkpoint_checks import weights_of
from ..fileio.checkpoint_sources import read_checkpoint
from .motion_cues import NUM_CUES

#: Rows and columns of cues must be multiples of this.
STRIDE = 8


class MotionNetwork(nn.Module):
    """A U-Net over motion cues; what it makes of several frame gaps is joined by mean and maximum.

    Args:
        widths: Channels at full size and at each halving.
        cues: Channels of the cues.
    """

    def __init__(self, widths: Sequence[int] = (16, 32, 64, 96), cues: int = NUM_CUES):
        super().__init__()
        inputs = [cues + 2, *widths]
        self.encoders = nn.ModuleList(
            _block(before, after, 1 if level == 0 else 2)
            for level, (before, after) in enumerate(zip(inputs, widths, strict=False)))
        self.joints = nn.ModuleList(
            nn.Sequential(nn.Conv2d(2 * width, width, 1), nn.GroupNorm(8, width),
                          nn.ReLU(inplace=True)) for width in widths)
        self.bottom = _block(2 * widths[-1], widths[-1])
        self.decoders = nn.ModuleList(_block(fine + coarse, fine) for fine, coarse
                                      in zip(widths, widths[1:], strict=False))
        self.output = nn.Conv2d(widths[0], 1, 1)

    def forward(self, cues: Tensor) -> Tensor:
        """Judge the frames in the middle.

        Args:
            cues: (N, gaps, C, h, w) of :func:`.motion_cues.motion_cues`; the order of the gaps does
                not matter.

        Returns:
            (N, h, w) logits: above 0 moves by itself.
        """
        count, gaps = cues.shape[:2]
        features = torch.cat([cues.flatten(0, 1), _places(cues).expand(count * gaps, -1, -1, -1)],
                             dim=1)
        joined = []
        for encoder, joint in zip(self.encoders, self.joints, strict=True):
            features = encoder(features)
            apart = features.unflatten(0, (count, gaps))
            joined.append(joint(torch.cat([apart.mean(1), apart.amax(1)], dim=1)))
        overall = joined[-1].mean((2, 3), keepdim=True).expand_as(joined[-1])
        values = self.bottom(torch.cat([joined[-1], overall], dim=1))
        for decoder, fine in zip(reversed(self.decoders), reversed(joined[:-1]), strict=True):
            values = functional.interpolate(values, fine.shape[-2:], mode='bilinear',
                                            align_corners=False)
            values = decoder(torch.cat([fine, values], dim=1))
        return self.output(values)[:, 0]


def load_network(source: str, cues: int = NUM_CUES) -> MotionNetwork:
    """Read a network's weights.

    Args:
        source: Path, URL or ``s2d://`` and the name of what comes with this package.
        cues: Channels of the cues that it was trained on.

    Raises:
        S2DInputError: If the weights cannot be read or are of another network.
    """
    network = MotionNetwork(cues=cues)
    weights = weights_of(read_checkpoint(source), source)
    try:
        network.load_state_dict({name: value.float() for name, value in weights.items()})
    except RuntimeError as error:
        raise S2DInputError(
            f'{source}: expected the weights of a MotionNetwork for {cues} cues, found others '
            f'({shortened(one_line(error), 120)}); give those that projects/s2d/starter '
            'makes') from error
    return network.eval()


def _places(cues: Tensor) -> Tensor:
    """Give (1, 2, h, w): height in the frame, -1 to 1, and distance from its middle column."""
    height, width = cues.shape[-2:]
    rows = torch.linspace(-1, 1, height, device=cues.device, dtype=cues.dtype)
    columns = torch.linspace(-1, 1, width, device=cues.device, dtype=cues.dtype).abs()
    return torch.stack([rows[:, None].expand(height, width), columns.expand(height, width)])[None]


def _block(before: int, after: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.GroupNorm(8, after),
        nn.ReLU(inplace=True), nn.Conv2d(after, after, 3, 1, 1, bias=False),
        nn.GroupNorm(8, after), nn.ReLU(inplace=True))
