"""Estimate the GPU memory that a training config takes, without a GPU.

One clip (or image) goes through the model's loss on the CPU, in the config's precision, and the
bytes that autograd keeps for the backward pass are counted. To these times the batch size come
parameters, their gradients and the two moments of AdamW. What a GPU takes on top (buffers of the
backward pass, cuDNN, the CUDA context, fragmentation) is not counted: allow 3 GB or so.

Example:
    python tools/analysis_tools/estimate_memory.py \\
        configs/final/final_mask2former_r50_1xb2-accum8-80k_ovis.py --size 480 864
"""

import argparse
import contextlib
import sys
import time

from s2d_plugins.apis.command_line import add_config_arguments, run_tool

GB = 1e9


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_config_arguments(parser)
    parser.add_argument('--size', type=int, nargs=2, default=(480, 864), metavar=('H', 'W'),
                        help='of a frame, multiples of 32 (480 864: the largest common clips)')
    parser.add_argument('--instances', type=int, default=10, help='labelled ones in a clip')
    parser.add_argument('--compiled-ops', action='store_true',
                        help='deformable attention as the compiled op of mmcv keeps memory')
    return parser.parse_args()


class SavedBytes:
    """Counts what autograd saves, each storage once, parameters left out."""

    def __init__(self, model):
        self.left_out = {p.untyped_storage().data_ptr() for p in model.parameters()}
        self.sizes: dict[int, int] = {}

    def pack(self, tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self.left_out:
            self.sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    def total(self) -> int:
        return sum(self.sizes.values())


def state_bytes(model) -> tuple[int, int]:
    """Return the bytes of all parameters, and of gradients and moments of the trained ones."""
    parameters = sum(p.numel() * p.element_size() for p in model.parameters())
    trained = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    return parameters, 3 * trained


def make_batch(cfg, size: tuple[int, int], instances: int) -> dict:
    """Make one clip, or one image, with boxes for masks, as a data loader gives it."""
    import numpy as np
    import torch
    from mmdet.structures import DetDataSample, TrackDataSample
    from mmdet.structures.mask import BitmapMasks
    from mmengine.structures import InstanceData

    def frame() -> DetDataSample:
        masks = np.zeros((instances, *size), np.uint8)
        for index in range(instances):
            masks[index, 8 * index:8 * index + size[0] // 4, :size[1] // 3] = 1
        sample = DetDataSample(metainfo=dict(img_path='', img_shape=size, ori_shape=size))
        sample.gt_instances = InstanceData(
            masks=BitmapMasks(masks, *size), bboxes=torch.zeros(instances, 4),
            labels=torch.zeros(instances, dtype=torch.long),
            instances_ids=torch.arange(instances))
        return sample

    if 'panoptic_head' in cfg.model:
        return dict(inputs=[torch.zeros(3, *size, dtype=torch.uint8)], data_samples=[frame()])
    clip = TrackDataSample()
    clip.video_data_samples = [frame() for _ in range(cfg.num_frames)]
    return dict(inputs=[torch.zeros(cfg.num_frames, 3, *size, dtype=torch.uint8)],
                data_samples=[clip])


@contextlib.contextmanager
def compiled_attention():
    """Let deformable attention save its inputs alone, as mmcv's compiled op does."""
    from unittest import mock

    from mmcv.ops import multi_scale_deform_attn as module
    from torch.utils.checkpoint import checkpoint
    plain = module.multi_scale_deformable_attn_pytorch
    with mock.patch.object(module, 'multi_scale_deformable_attn_pytorch',
                           lambda *args: checkpoint(plain, *args, use_reentrant=False)):
        yield


def main() -> None:
    args = parse_args()
    import torch

    from s2d_plugins.errors import S2DInputError
    from s2d_plugins.fileio.configs import load_config, type_name
    from s2d_plugins.models.loading import build_model

    cfg = load_config(args.config, args.cfg_options)
    if not {'model', 'train_dataloader', 'optim_wrapper'} <= cfg.keys():
        raise S2DInputError(f'{args.config} has no model, train_dataloader or optim_wrapper; give '
                            'the config of a training')
    model = build_model(cfg).train()
    if hasattr(model, 'teacher_score_thr'):
        model.teacher_score_thr = 0.0  # the worst case: every query of the teacher is a target
    batch = model.data_preprocessor(make_batch(cfg, tuple(args.size), args.instances), True)
    amp = type_name(cfg.optim_wrapper.type) == 'AmpOptimWrapper'
    saved = SavedBytes(model)
    start = time.time()
    attention = compiled_attention() if args.compiled_ops else contextlib.nullcontext()
    with attention, torch.autocast('cpu', dtype=torch.bfloat16, enabled=amp), \
            torch.autograd.graph.saved_tensors_hooks(saved.pack, lambda tensor: tensor):
        losses = model(**batch, mode='loss')
    del losses
    parameters, optimiser = state_bytes(model)
    batch_size = cfg.train_dataloader.batch_size
    activations = saved.total() * batch_size
    print(f'{args.config}: frames of {args.size[0]} x {args.size[1]}, '
          f'{"mixed" if amp else "single"} precision, {time.time() - start:.0f} s')
    print(f'parameters {parameters / GB:.2f} GB, gradients and moments {optimiser / GB:.2f} GB')
    print(f'kept for backward {saved.total() / GB:.2f} GB x {batch_size} in a batch')
    print(f'sum {(parameters + optimiser + activations) / GB:.2f} GB')


if __name__ == '__main__':
    sys.exit(run_tool(main))
