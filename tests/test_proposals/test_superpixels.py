import numpy as np

from s2d_plugins.proposals.superpixels import region_features, region_means, segment


def test_region_means_of_maps_and_vectors():
    labels = np.array([[0, 0, 1], [0, 1, 1]])
    values = np.array([[1., 2, 10], [3, 20, 30]])
    np.testing.assert_allclose(region_means(labels, values), [2, 20])
    np.testing.assert_allclose(region_means(labels, np.stack([values, -values], axis=-1)),
                               [[2, -2], [20, -20]])


def test_superpixels_respect_a_strong_edge():
    image = np.zeros((60, 80, 3), np.uint8)
    image[:, 37:] = 255
    labels = segment(image, 40)
    assert labels.min() == 0
    assert set(np.unique(labels)) == set(range(labels.max() + 1))
    lightness = region_means(labels, image[..., 0].astype(float))
    assert ((lightness[labels] > 127) == (image[..., 0] > 127)).mean() > 0.9


def test_features_tell_colour_and_place():
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, 40:] = 255
    labels = np.zeros((40, 80), np.int32)
    labels[:, 40:] = 1
    features = region_features(image, labels)
    assert features.shape == (2, 11)
    np.testing.assert_allclose(features[:, 0], [0, 255])  # lightness
    np.testing.assert_allclose(features[:, 3:6], 0)  # no spread inside a flat region
    np.testing.assert_allclose(features[1, 9] - features[0, 9], 60 * 0.5)  # half a width apart
