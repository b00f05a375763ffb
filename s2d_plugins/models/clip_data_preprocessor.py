"""Frames of clips as a model takes them; what is known about the clips stays on the host."""

from mmdet.models import TrackDataPreprocessor
from mmdet.models.data_preprocessors.track_data_preprocessor import stack_track_batch

from s2d_plugins.registry import MODELS


@MODELS.register_module()
class ClipDataPreprocessor(TrackDataPreprocessor):
    """mmdet's ``TrackDataPreprocessor`` for models that read their samples on the host.

    Frames go to the device as the bytes that they are and are normalised there, and the host does
    not wait for that; with ``pin_memory`` of the data loader it need not even copy them. Samples
    stay in the host's memory: mmdet's sends their tensors one by one, and
    :class:`SparseToDenseHead` would read them back. Inputs are the same bit for bit.

    Arguments are those of mmdet's; with ``use_det_processor`` or ``batch_augments`` it does as
    mmdet's does.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """Move, reorder, normalise and pad.

        Args:
            data: ``inputs``, per clip (T, 3, H, W) uint8, and ``data_samples``, their
                ``TrackDataSample`` or None.
            training: Whether masks are padded too.

        Returns:
            ``inputs`` (B, T, 3, H, W) float32 on the device, and ``data_samples``.
        """
        if self.use_det_processor or self.batch_augments is not None:
            return super().forward(data, training)
        clips = [clip.to(self.device, non_blocking=True) for clip in data['inputs']]
        if self._channel_conversion:
            clips = [clip.flip(1) for clip in clips]
        clips = [clip.float() for clip in clips]
        if self._enable_normalize:
            clips = [(clip - self.mean) / self.std for clip in clips]
        inputs = stack_track_batch(clips, self.pad_size_divisor, self.pad_value).contiguous()
        samples = data['data_samples']
        if samples is not None:
            for clip, shapes in zip(samples, self._get_track_pad_shape(data), strict=True):
                for index, shape in enumerate(shapes):
                    clip[index].set_metainfo(dict(batch_input_shape=tuple(inputs.shape[-2:]),
                                                  pad_shape=shape))
            if self.pad_mask and training:
                self.pad_track_gt_masks(samples)
        return dict(inputs=inputs, data_samples=samples)
