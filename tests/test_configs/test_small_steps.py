"""Training steps of the stage configs, with narrow models on made clips."""

import pytest
import torch
from config_files import make_batch, make_frame, read_config, shrink
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import Dataset

from s2d_plugins.registry import DATASETS, MODELS

BOX = (8, 8, 40, 40)
SWIN = 'swin-t-p4-w7-224'


def gradients(model) -> dict[str, torch.Tensor]:
    return {name: weight.grad for name, weight in model.named_parameters() if weight.requires_grad}


@pytest.mark.filterwarnings('ignore:.*use_reentrant')
@pytest.mark.parametrize('form', ['4xb1', '1xb1-accum4'])
def test_swin_distiller(form):
    config = shrink(read_config(f'sparse_to_dense/s2d_mask2former_{SWIN}_{form}-32k.py'))
    config.model.teacher_score_thr = 0.0
    torch.manual_seed(0)
    model = MODELS.build(config.model).train()
    batch = make_batch([{1: BOX, 2: (0, 0, 20, 20)}, {}, {1: BOX}])
    losses = model.loss(**model.data_preprocessor(batch, True))
    assert 'd0.loss_mask' in losses and 'kd_loss_dice' in losses
    sum(losses.values()).backward()
    assert all(torch.isfinite(grad).all() for grad in gradients(model.student).values())
    assert any(grad.any() for name, grad in gradients(model.student).items()
               if 'relative_position_bias_table' in name)
    assert all(weight.grad is None for weight in model.teacher.parameters())


@pytest.mark.filterwarnings('ignore:.*use_reentrant')
@pytest.mark.parametrize('backbone', ['r50', SWIN])
def test_checkpointed_activations_change_no_gradient(backbone):
    results = []
    for form in ('4xb1', '1xb1-accum4'):
        config = shrink(read_config(f'final/s2d_mask2former_{backbone}_{form}-32k.py'))
        detector = config.model.detector
        detector.track_head.train_cfg.num_points = 1000
        if backbone == SWIN:
            detector.backbone.drop_path_rate = 0.0
        torch.manual_seed(0)
        model = MODELS.build(detector).train()
        torch.manual_seed(1)
        losses = model.loss(**model.data_preprocessor(make_batch([{1: BOX}] * 3), True))
        sum(losses.values()).backward()
        results.append(gradients(model.backbone))
    plain, checkpointed = results
    assert plain.keys() == checkpointed.keys()
    for name, grad in plain.items():
        torch.testing.assert_close(grad, checkpointed[name])


@pytest.mark.parametrize('backbone', ['r50', SWIN])
def test_image_model(backbone):
    config = shrink(read_config(f'image/mask2former_{backbone}_8xb2-lsj-160k.py'))
    config.model.data_preprocessor.batch_augments[0].size = (64, 64)
    config.model.test_cfg.max_per_image = 4
    model = MODELS.build(config.model).train()
    batch = dict(inputs=[torch.zeros(3, 64, 64, dtype=torch.uint8)] * 2,
                 data_samples=[make_frame({1: BOX}, 64), make_frame({}, 64)])
    losses = model(**model.data_preprocessor(batch, True), mode='loss')
    sum(losses.values()).backward()
    assert {'loss_cls', 'loss_mask', 'loss_dice'} <= losses.keys()
    assert all(torch.isfinite(grad).all() for grad in gradients(model).values())
    model.eval()
    found = model(**model.data_preprocessor(batch, False), mode='predict')[0].pred_instances
    assert not found.labels.any()


@DATASETS.register_module()
class MadeClips(Dataset):
    """The same clip of three frames again and again."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> dict:
        batch = make_batch([{1: BOX}, {}, {1: BOX}])
        return dict(inputs=batch['inputs'][0], data_samples=batch['data_samples'][0])


class WatchWeights(Hook):
    """Note the iterations (from 1) after which student and teacher are others than before."""

    priority = 'VERY_LOW'

    def __init__(self):
        self.moved = dict(student=[], teacher=[])
        self.rates = []

    def before_train(self, runner) -> None:
        self.last = self.sums(runner)

    def before_train_iter(self, runner, *args, **kwargs) -> None:
        self.rates.append(runner.optim_wrapper.optimizer.param_groups[-1]['lr'])

    def after_train_iter(self, runner, *args, **kwargs) -> None:
        now = self.sums(runner)
        for part, moved in self.moved.items():
            if now[part] != self.last[part]:
                moved.append(runner.iter + 1)
        self.last = now

    @staticmethod
    def sums(runner) -> dict[str, float]:
        return {part: sum(weight.double().sum().item()
                          for weight in getattr(runner.model, part).parameters())
                for part in ('student', 'teacher')}


@pytest.mark.filterwarnings('ignore')
def test_student_teacher_and_rate_move_in_optimiser_steps(tmp_path):
    """The form for one GPU: 12 iterations are 3 steps, and the rate falls after the second."""
    config = shrink(read_config('sparse_to_dense/s2d_mask2former_r50_1xb1-accum4-32k.py'))
    config.model.teacher_loss_weight = 0.0
    config.optim_wrapper.type = 'OptimWrapper'  # mixed precision needs a GPU
    config.train_cfg.update(max_iters=12, val_interval=13)
    config.param_scheduler[0].update(end=12, milestones=[2 * config.accumulative_counts])
    config.auto_scale_lr.enable = True
    config.train_dataloader = dict(
        batch_size=config.train_dataloader.batch_size, num_workers=0,
        dataset=dict(type='MadeClips'), sampler=dict(type='InfiniteSampler', shuffle=False))
    for split in ('val', 'test'):
        for part in ('dataloader', 'cfg', 'evaluator'):
            config[f'{split}_{part}'] = None
    config.work_dir = str(tmp_path)
    runner = Runner.from_cfg(config)
    watch = WatchWeights()
    runner.register_hook(watch)
    runner.train()
    assert watch.moved == dict(student=[4, 8, 12], teacher=[4, 8, 12])
    # auto_scale_lr leaves the rate alone: one clip on one GPU is what it is for
    assert watch.rates == pytest.approx([1e-6] * 8 + [1e-7] * 4)
    assert (tmp_path / 'iter_12.pth').is_file()
