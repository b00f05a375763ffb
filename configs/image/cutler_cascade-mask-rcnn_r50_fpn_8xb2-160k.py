_base_ = [
    '../_base_/recipes/cascade_r50.py',
    '../_base_/datasets/image_masks_shortest-edge.py',
]
