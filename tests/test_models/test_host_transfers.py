import torch

from s2d_plugins.models.host_transfers import read_from_device, send_to_device


def test_tensors_come_back_in_their_shapes_as_float32():
    first, second, third = read_from_device(torch.tensor([[1, 2]]), torch.tensor(True),
                                            torch.zeros(0, 3))
    assert first.tolist() == [[1.0, 2.0]] and second.item() == 1.0 and third.shape == (0, 3)
    assert first.dtype == second.dtype == torch.float32


def test_tensors_are_sent_in_their_shapes_and_type():
    sent = send_to_device([torch.tensor([[1, 2]]), torch.zeros(0, 4, dtype=torch.long)],
                          torch.device('cpu'))
    assert [part.tolist() for part in sent] == [[[1, 2]], []]
    assert sent[0].dtype == torch.int64 and sent[1].shape == (0, 4)
    assert send_to_device([], torch.device('cpu')) == []
