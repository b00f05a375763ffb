"""Colours, noise and textures of generated pictures.

Everything is drawn from a ``numpy.random.Generator``; images are (h, w, 3) float32 RGB, 0 to 255.
"""

import cv2
import numpy as np
from numpy.random import Generator

#: How far a texture departs from its base colour, and how often; most surfaces are calm.
STRENGTHS, STRENGTH_SHARES = (4, 12, 25, 45), (0.3, 0.35, 0.25, 0.1)
#: Kinds of textures, the common ones more than once.
TEXTURES = ('noise', 'noise', 'noise', 'noise', 'stripes', 'spots', 'spots', 'plain')


def noise(rng: Generator, size: tuple[int, int], exponent: float, aspect: float = 1.0,
          angle: float = 0.0) -> np.ndarray:
    """Noise (h, w) of zero mean and unit spread whose spectrum falls as frequency^-exponent.

    Args:
        rng: Source of randomness.
        size: (h, w).
        exponent: 0 for white noise; the higher, the smoother.
        aspect: How much longer its grain is one way than the other.
        angle: Direction of the grain in radians.
    """
    height, width = size
    rows = np.fft.fftfreq(height)[:, None] * height
    columns = np.fft.rfftfreq(width)[None] * width
    cos, sin = np.cos(angle), np.sin(angle)
    along = (cos * columns / width * height + sin * rows) * aspect
    across = (-sin * columns / width * height + cos * rows) / aspect
    frequency = np.sqrt(along ** 2 + across ** 2)
    frequency[0, 0] = np.inf
    spectrum = rng.standard_normal(frequency.shape) + 1j * rng.standard_normal(frequency.shape)
    values = np.fft.irfft2(spectrum / np.maximum(frequency, 1) ** exponent, size)
    values = values.astype(np.float32)
    return (values - values.mean()) / (values.std() + 1e-6)


def colour(rng: Generator) -> np.ndarray:
    """Draw a colour (3,) of any hue; most are dull, as in nature."""
    hsv = np.array([rng.uniform(0, 180), 255 * rng.beta(1.1, 3.2), 255 * rng.beta(2, 2)])
    return cv2.cvtColor(np.uint8(hsv[None, None]), cv2.COLOR_HSV2RGB)[0, 0].astype(np.float32)


def colour_near(rng: Generator, base: np.ndarray, spread: float) -> np.ndarray:
    """Draw a colour (3,) near another one: ``spread`` in each channel and in brightness."""
    return np.clip(base + rng.normal(0, spread, 3) + rng.normal(0, spread), 0,
                   255).astype(np.float32)


def texture(rng: Generator, size: tuple[int, int], base: np.ndarray) -> np.ndarray:
    """Fill an image with a base colour and one kind of texture."""
    strength = rng.choice(STRENGTHS, p=STRENGTH_SHARES) * rng.uniform(0.6, 1.4)
    kind = rng.choice(TEXTURES)
    other = colour_near(rng, base, 25)
    pattern = _pattern(rng, size, kind)
    towards = strength * (0.6 + 0.4 * np.sign(other - base + 1e-3))
    towards = towards + 0.25 * (other - base) * min(strength / 25, 1)
    image = base + pattern[..., None] * towards
    return (image + noise(rng, size, rng.uniform(0, 0.6))[..., None]
            * rng.uniform(1, 8)).astype(np.float32)


def _pattern(rng: Generator, size: tuple[int, int], kind: str) -> np.ndarray:
    if kind == 'stripes':
        angle = rng.uniform(0, np.pi)
        rows, columns = np.mgrid[:size[0], :size[1]].astype(np.float32)
        period = rng.uniform(4, 24)
        wave = 2 * np.pi * (np.cos(angle) * columns + np.sin(angle) * rows) / period
        wave = np.sin(wave + noise(rng, size, 1.5) * rng.uniform(0, 1.5))
        return np.tanh(wave * rng.uniform(0.5, 4))
    if kind == 'spots':
        spots = noise(rng, size, rng.uniform(1, 2))
        return np.tanh((spots - rng.uniform(-0.5, 1)) * rng.uniform(2, 8))
    if kind == 'plain':
        return np.zeros(size, np.float32)
    return noise(rng, size, rng.uniform(0.3, 1.8), rng.choice([1, 1, 2, 4]),
                 rng.uniform(0, np.pi)) / 1.5
