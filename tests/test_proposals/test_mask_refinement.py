import numpy as np

from s2d_plugins.proposals.mask_refinement import cut_main_object, refine_mask


def test_a_coarse_region_snaps_to_the_edge():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 40, (80, 100, 3)).astype(np.uint8)
    image[30:55, 40:70] += np.array([180, 40, 40], np.uint8)
    saliency = np.zeros((80, 100))
    saliency[24:60, 34:76] = 0.5
    saliency[33:52, 43:67] = 1
    mask = cut_main_object(image, saliency, 0.7)
    truth = np.zeros((80, 100), bool)
    truth[30:55, 40:70] = True
    assert (mask & truth).sum() / (mask | truth).sum() > 0.9


def test_too_little_to_learn_from_stays_as_it_is():
    region = np.zeros((40, 40), bool)
    region[5:7, 5:7] = True
    image = np.zeros((40, 40, 3), np.uint8)
    np.testing.assert_array_equal(refine_mask(image, region * 1., 0.5, region), region)
    everything = np.ones((40, 40), bool)
    np.testing.assert_array_equal(refine_mask(image, everything * 1., 0.5, everything), everything)
    assert not cut_main_object(image, np.zeros((40, 40)), 0.5).any()
