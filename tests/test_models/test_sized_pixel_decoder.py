import mmcv.ops.multi_scale_deform_attn as mmcv_attention
import torch
from small_model import build_small


def test_another_function_for_the_attention_gets_sizes_on_the_device(monkeypatch):
    """As deformops does, whose function takes mmcv's arguments."""
    decoder = build_small().student.track_head.pixel_decoder
    torch.manual_seed(0)
    features = [torch.randn(2, channels, size, size)
                for channels, size in ((32, 16), (64, 8), (128, 4), (256, 2))]
    expected = decoder(features)[0]
    function, seen = mmcv_attention.multi_scale_deformable_attn_pytorch, []

    def other(value, shapes, locations, weights):
        seen.append(shapes)
        return function(value, shapes.tolist(), locations, weights)

    monkeypatch.setattr(mmcv_attention, 'multi_scale_deformable_attn_pytorch', other)
    assert torch.equal(decoder(features)[0], expected)
    assert [shapes.tolist() for shapes in seen] == [[[2, 2], [4, 4], [8, 8]]]


def test_the_compiled_op_gets_what_it_needs(monkeypatch):
    attention = build_small().student.track_head.pixel_decoder.encoder.layers[0].self_attn

    class Op:
        @staticmethod
        def apply(value, shapes, starts, locations, weights, step):
            return shapes.tolist(), starts.tolist(), step

    class OnGpu(torch.Tensor):
        is_cuda = True

    monkeypatch.setattr(mmcv_attention, 'IS_CUDA_AVAILABLE', True)
    monkeypatch.setattr(mmcv_attention, 'MultiScaleDeformableAttnFunction', Op)
    value, sizes = torch.randn(1, 20, 4, 16), [(2, 2), (4, 4)]
    args = (torch.tensor(sizes), torch.tensor([0, 4]), sizes, torch.rand(1, 20, 4, 2, 4, 2),
            torch.rand(1, 20, 4, 2, 4))
    assert attention._attend(value.as_subclass(OnGpu), *args) == ([[2, 2], [4, 4]], [0, 4], 64)
    # bfloat16, which the op does not know, and other devices take PyTorch's operations
    assert attention._attend(value, *args).shape == (1, 20, 64)
    half = [x.bfloat16() if x.is_floating_point() else x for x in args[:2]]
    floats = [x.bfloat16() for x in args[3:]]
    assert attention._attend(value.bfloat16().as_subclass(OnGpu), *half, sizes,
                             *floats).shape == (1, 20, 64)
