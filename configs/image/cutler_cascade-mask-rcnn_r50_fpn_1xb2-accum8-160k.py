_base_ = [
    '../_base_/recipes/cascade_r50_accum8.py',
    '../_base_/datasets/image_masks_shortest-edge.py',
]
