"""The progress bar of a training."""

from types import SimpleNamespace

import torch

from s2d_plugins.pipeline.quiet_runner import ProgressBarHook


class Bar:
    """Notes what it is told."""

    n = initial = 0

    def __init__(self):
        self.texts = []

    def refresh(self):
        pass

    def set_postfix_str(self, text, refresh):
        self.texts.append(text)

    def update(self):
        self.n += 1


def test_the_loss_is_smoothed_and_steps_are_counted():
    """0.95 * 1 + 0.05 * 3 = 1.1; a step without a loss counts too."""
    bar = Bar()
    hook = ProgressBarHook(bar)
    hook.before_train(SimpleNamespace(iter=5))
    for outputs in (dict(loss=torch.tensor(1.0)), dict(loss=torch.tensor(3.0)), {}, None):
        hook.after_train_iter(None, 0, outputs=outputs)
    assert bar.texts == ['loss 1.000', 'loss 1.100'] and bar.n == 9 and bar.initial == 5
