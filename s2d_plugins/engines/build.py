"""Engines by name."""

from typing import Any

from ..arguments import check_choice
from ..errors import S2DInputError
from .base import Engine
from .local import LocalEngine

ENGINES = ('local', 'ray')


def build_engine(name: str = 'local', address: str | None = None, **settings: Any) -> Engine:
    """Build an engine.

    Args:
        name: ``'local'`` or ``'ray'``.
        address: Of a running cluster, ``'auto'`` for the one of this machine; None starts Ray on
            this machine alone.
        **settings: Of :class:`~.ray_engine.RayEngine`.

    Raises:
        S2DInputError: If the engine is not installed, or what is given is not for it.
    """
    check_choice('engine', ENGINES, name=name)
    if name == 'ray':
        from .ray_engine import RayEngine
        return RayEngine(address, **settings)
    given = [key for key, value in dict(address=address, **settings).items() if value is not None]
    if given:
        raise S2DInputError(f'--{given[0].replace("_", "-")} is for --engine ray; add that, or '
                            'leave it out')
    return LocalEngine()
