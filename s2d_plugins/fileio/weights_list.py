"""Published weights by name: where they come from, under which licence, and what they are for.

The one table of them. Every entry was read on the page that it names. No file was at hand when
the table was written: exact sizes and digests are None until somebody has seen the file, and
where they are known, a download is held against them. ``megabytes`` is for people alone: the
tensors of the architecture, counted, for files that hold nothing else.
"""

from dataclasses import dataclass
from typing import Literal

_CUTLER = 'https://github.com/facebookresearch/CutLER'
_VIDEOCUTLER = f'{_CUTLER}/blob/main/videocutler/README.md'
_S2D = 'https://github.com/leonsick/s2d'
_COTRACKER = 'https://github.com/facebookresearch/co-tracker'
_DINO = 'https://github.com/facebookresearch/dino'
_DINOV2 = 'https://github.com/facebookresearch/dinov2'
_DRIVE = 'https://drive.google.com'
_META = 'https://dl.fbaipublicfiles.com'

_NO_LICENCE = 'none stated; ask its authors'
_CUTLER_LICENCE = 'CC-BY-NC-SA 4.0 (its LICENSE file; the README says CC-BY-NC)'

#: The state of CoTracker's code that this package was written against.
COTRACKER_COMMIT = '82e02e8029753ad4ef13cf06be7f4fc5facdda4d'

#: What a published file has to become before our models take it.
Layout = Literal['mask2former', 'cascade-mask-rcnn']


@dataclass(frozen=True)
class PublishedWeights:
    """Weights that somebody else publishes.

    Attributes:
        name: As in ``s2d://NAME``.
        url: The file itself, or a page with a button where ``by_hand``.
        page: Where the authors name it.
        licence: Of the weights, as that page or its repository says.
        use: What they are here for, in a few words.
        by_hand: Whether the page needs a click, so that no program can fetch the file.
        layout: What the converter takes it for; None for a file that is used as it is.
        megabytes: About how many, in millions of bytes; None where other things than weights may
            be in the file.
        size: In bytes, exactly; None where unknown.
        sha256: Of the file; None where unknown.
    """

    name: str
    url: str
    page: str
    licence: str
    use: str
    by_hand: bool = False
    layout: Layout | None = None
    megabytes: int | None = None
    size: int | None = None
    sha256: str | None = None

    @property
    def file_name(self) -> str:
        """Name of the published file in the cache, whatever the browser calls it."""
        return f'{self.name}.pth'


_ENTRIES = (
    PublishedWeights(
        'cuts3d_cascade', f'{_DRIVE}/drive/folders/1i2clWjOXeL5tQ1HhqBByhXnwcWkkED65', _S2D,
        _NO_LICENCE, 'CutS3D: proposals, the paper\'s choice', by_hand=True,
        layout='cascade-mask-rcnn'),
    PublishedWeights(
        'cutler_cascade', f'{_META}/cutler/checkpoints/cutler_cascade_final.pth', _CUTLER,
        _CUTLER_LICENCE, 'CutLER: proposals', layout='cascade-mask-rcnn'),
    PublishedWeights(
        'cutler_m2f_rn50', f'{_DRIVE}/file/d/1XFH4sc2qFl2d31Si-yPQ9d4d1WvbFArI/view',
        _VIDEOCUTLER, _CUTLER_LICENCE, 'image Mask2Former that both trainings start from',
        by_hand=True, layout='mask2former'),
    PublishedWeights(
        's2d_zeroshot', f'{_DRIVE}/drive/folders/1RavlAUlnehYAe4ymnSEFeL7i1lrh_c1n', _S2D,
        _NO_LICENCE, 'S2D: the authors\' model, trained on SA-V, MOSE and VIPSeg', by_hand=True,
        layout='mask2former'),
    PublishedWeights(
        'videocutler_m2f_rn50', f'{_DRIVE}/file/d/1ozeh3U3uxZImjabKVae8kNZSoNuvFx49/view',
        _VIDEOCUTLER, _CUTLER_LICENCE, 'VideoCutLER: a baseline', by_hand=True,
        layout='mask2former'),
    PublishedWeights(
        'cotracker3_offline',
        'https://huggingface.co/facebook/cotracker3/resolve/main/scaled_offline.pth', _COTRACKER,
        'CC-BY-NC 4.0', 'CoTracker3: point tracks, whole videos', megabytes=102),
    PublishedWeights(
        'cotracker3_online',
        'https://huggingface.co/facebook/cotracker3/resolve/main/scaled_online.pth', _COTRACKER,
        'CC-BY-NC 4.0', 'CoTracker3: point tracks, sliding windows', megabytes=102),
    PublishedWeights(
        'dino_vits8', f'{_META}/dino/dino_deitsmall8_pretrain/dino_deitsmall8_pretrain.pth', _DINO,
        'Apache-2.0', 'DINO ViT-S/8: features for MaskCut', megabytes=87),
    PublishedWeights(
        'dino_vitb8', f'{_META}/dino/dino_vitbase8_pretrain/dino_vitbase8_pretrain.pth', _DINO,
        'Apache-2.0', 'DINO ViT-B/8: features for MaskCut', megabytes=343),
    PublishedWeights(
        'dinov2_vits14', f'{_META}/dinov2/dinov2_vits14/dinov2_vits14_pretrain.pth', _DINOV2,
        'Apache-2.0', 'DINOv2 ViT-S/14: features for MaskCut', megabytes=88),
    PublishedWeights(
        'dinov2_vitb14', f'{_META}/dinov2/dinov2_vitb14/dinov2_vitb14_pretrain.pth', _DINOV2,
        'Apache-2.0', 'DINOv2 ViT-B/14: features for MaskCut', megabytes=346),
    PublishedWeights(
        'dino_resnet50', f'{_META}/dino/dino_resnet50_pretrain/dino_resnet50_pretrain.pth', _DINO,
        'Apache-2.0', 'DINO ResNet-50: where image models start', megabytes=94),
)

#: All published weights by name.
WEIGHTS = {entry.name: entry for entry in _ENTRIES}
