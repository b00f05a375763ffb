"""Names in the head of Mask2Former: pixel decoder and transformer decoder.

The image and the video model have the same tensors; they differ in the position encoding, which
has none. Names on the left are those of the published models (Mask2Former, arXiv 2112.01527 and
2112.10764), on the right mmdet's.
"""

from dataclasses import dataclass, fields

from .tensor_rows import Row, attention, conv, linear, norm, rows

ENCODER_LAYERS = 6
DECODER_LAYERS = 9


@dataclass(frozen=True)
class HeadSizes:
    """Sizes that differ between models; the defaults are the published ones.

    Attributes:
        width: Channels of features and queries.
        mask_width: Channels of mask features.
        samples: Sampling points of deformable attention over heads, levels and points.
        encoder_hidden: Hidden channels of the pixel decoder's feed-forward layers.
        decoder_hidden: The same in the transformer decoder.
        queries: Number of queries.
        logits: Number of classes plus one, for no object.
    """

    width: int = 256
    mask_width: int = 256
    samples: int = 96
    encoder_hidden: int = 1024
    decoder_hidden: int = 2048
    queries: int = 100
    logits: int = 2

    @classmethod
    def read(cls, shapes: dict[str, tuple[int, ...]]) -> 'HeadSizes':
        """Read the sizes from the shapes by official name; what is absent keeps its default."""
        found = {}
        for field in fields(cls):
            name, axis = _STATES_SIZE[field.name]
            if len(shapes.get(name, ())) > axis:
                found[field.name] = shapes[name][axis]
        return cls(**found)


_FIRST_ENCODER_LAYER = 'pixel_decoder.transformer.encoder.layers.0'
_STATES_SIZE = dict(
    width=('pixel_decoder.mask_features.weight', 1),
    mask_width=('pixel_decoder.mask_features.weight', 0),
    samples=(f'{_FIRST_ENCODER_LAYER}.self_attn.attention_weights.weight', 0),
    encoder_hidden=(f'{_FIRST_ENCODER_LAYER}.linear1.weight', 0),
    decoder_hidden=('predictor.transformer_ffn_layers.0.linear1.weight', 0),
    queries=('predictor.query_feat.weight', 0),
    logits=('predictor.class_embed.weight', 0))


def head_rows(sizes: HeadSizes, features: tuple[int, ...], encoder_layers: int = ENCODER_LAYERS,
              decoder_layers: int = DECODER_LAYERS) -> list[Row]:
    """List the head's tensors.

    Args:
        sizes: Sizes of the model.
        features: Channels of the backbone's four features, finest first.
        encoder_layers: Layers of the pixel decoder.
        decoder_layers: Layers of the transformer decoder, without the predictions before it.
    """
    table = _pixel_decoder_ends(sizes, features)
    for layer in range(encoder_layers):
        table += _encoder_layer(sizes, layer)
    for layer in range(decoder_layers):
        table += _decoder_layer(sizes, layer)
    return table + _predictions(sizes)


def _pixel_decoder_ends(sizes: HeadSizes, features: tuple[int, ...]) -> list[Row]:
    """What comes before and after the encoder; levels go from coarse to fine."""
    width = sizes.width
    table = [Row('pixel_decoder.transformer.level_embed', 'pixel_decoder.level_encoding.weight',
                 (len(features) - 1, width))]
    for level, channels in enumerate(reversed(features[1:])):
        theirs = f'pixel_decoder.input_proj.{level}'
        ours = f'pixel_decoder.input_convs.{level}'
        table += rows(f'{theirs}.0', f'{ours}.conv', conv(channels, width, 1, bias=True))
        table += rows(f'{theirs}.1', f'{ours}.gn', norm(width))
    for theirs, ours, tensors in (
            ('adapter_1', 'lateral_convs.0', conv(features[0], width, 1, bias=False)),
            ('layer_1', 'output_convs.0', conv(width, width, 3, bias=False))):
        table += rows(f'pixel_decoder.{theirs}', f'pixel_decoder.{ours}.conv', tensors)
        table += rows(f'pixel_decoder.{theirs}.norm', f'pixel_decoder.{ours}.gn', norm(width))
    return table + rows('pixel_decoder.mask_features', 'pixel_decoder.mask_feature',
                        conv(width, sizes.mask_width, 1, bias=True))


def _encoder_layer(sizes: HeadSizes, layer: int) -> list[Row]:
    theirs = f'pixel_decoder.transformer.encoder.layers.{layer}'
    ours = f'pixel_decoder.encoder.layers.{layer}'
    width, hidden = sizes.width, sizes.encoder_hidden
    table = []
    for name, outputs in (('sampling_offsets', 2 * sizes.samples),
                          ('attention_weights', sizes.samples),
                          ('value_proj', width), ('output_proj', width)):
        table += rows(f'{theirs}.self_attn.{name}', f'{ours}.self_attn.{name}',
                      linear(width, outputs))
    return (table
            + rows(f'{theirs}.norm1', f'{ours}.norms.0', norm(width))
            + rows(f'{theirs}.linear1', f'{ours}.ffn.layers.0.0', linear(width, hidden))
            + rows(f'{theirs}.linear2', f'{ours}.ffn.layers.1', linear(hidden, width))
            + rows(f'{theirs}.norm2', f'{ours}.norms.1', norm(width)))


def _decoder_layer(sizes: HeadSizes, layer: int) -> list[Row]:
    """Cross-attention comes first, then self-attention, then the feed-forward layers."""
    cross = f'predictor.transformer_cross_attention_layers.{layer}'
    own = f'predictor.transformer_self_attention_layers.{layer}'
    forward = f'predictor.transformer_ffn_layers.{layer}'
    ours = f'transformer_decoder.layers.{layer}'
    width, hidden = sizes.width, sizes.decoder_hidden
    return (rows(f'{cross}.multihead_attn', f'{ours}.cross_attn.attn', attention(width))
            + rows(f'{cross}.norm', f'{ours}.norms.0', norm(width))
            + rows(f'{own}.self_attn', f'{ours}.self_attn.attn', attention(width))
            + rows(f'{own}.norm', f'{ours}.norms.1', norm(width))
            + rows(f'{forward}.linear1', f'{ours}.ffn.layers.0.0', linear(width, hidden))
            + rows(f'{forward}.linear2', f'{ours}.ffn.layers.1', linear(hidden, width))
            + rows(f'{forward}.norm', f'{ours}.norms.2', norm(width)))


def _predictions(sizes: HeadSizes) -> list[Row]:
    width = sizes.width
    queries = dict(weight=(sizes.queries, width))
    table = (rows('predictor.decoder_norm', 'transformer_decoder.post_norm', norm(width))
             + rows('predictor.query_feat', 'query_feat', queries)
             + rows('predictor.query_embed', 'query_embed', queries)
             + rows('predictor.level_embed', 'level_embed', dict(weight=(3, width)))
             + rows('predictor.class_embed', 'cls_embed', linear(width, sizes.logits)))
    for layer, outputs in enumerate((width, width, sizes.mask_width)):
        # ours holds the ReLUs between them too
        table += rows(f'predictor.mask_embed.layers.{layer}', f'mask_embed.{2 * layer}',
                      linear(width, outputs))
    return table
