"""Overrides of a config, as the command line gives them: what does not fit is told, not lost.

mmengine merges a name that nothing reads, and fails with an error of its own where a path leads
through a number or past the end of a list.
"""

import difflib
import inspect
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..errors import S2DInputError, one_line, shortened

#: What mmengine and mmdet read from a config beside the arguments of a Runner, and what this
#: package reads of a pipeline.
_FURTHER_KEYS = ('activation_checkpointing', 'compile', 'efficient_conv_bn_eval',
                 'find_unused_parameters', 'model_wrapper_cfg', 'sync_bn', 'runner_type',
                 'strategy', 'tta_model', 'tta_pipeline', 'inference', 'dense', 'frames',
                 'selection', 'max_one2x', 'proposer', 'discovery', 'distill', 'final',
                 'trained_model')


def apply_options(config: Config, options: dict, path: Path) -> None:
    """Merge overrides into a config.

    Raises:
        S2DInputError: Names the first that does not fit, and why.
    """
    for key, value in options.items():
        problem = _misfit(config, key, options)
        if problem:
            raise S2DInputError(f'--cfg-options do not fit {path}: '
                                + shortened(one_line(f'{key}={value}: {problem}')))
    try:
        config.merge_from_dict(options)
    except Exception as error:
        raise S2DInputError(f'--cfg-options do not fit {path}: '
                            f'{shortened(one_line(error))}') from error


def _misfit(config: Config, key: str, options: dict) -> str | None:
    """Say why an override does not fit a config; None if it does."""
    parts = key.split('.')
    if not all(parts):
        return 'a part of its name is empty; give it as a.b=value'
    if any(key.startswith(f'{other}.') for other in options):
        return 'it is part of another override; give one of them'
    node: Any = config
    for number, part in enumerate(parts):
        name, last = '.'.join(parts[:number]), number + 1 == len(parts)
        if isinstance(node, list):
            if not part.isdecimal():
                return f'{name} is a list of {len(node)}; give {name}.0 and so on'
            if int(part) >= len(node):
                return f'{name} has {len(node)} items, from 0 to {len(node) - 1}'
            if last:
                return f'an item of a list cannot be replaced; give the whole list {name}'
            node = node[int(part)]
        elif isinstance(node, dict | Config):
            if part not in node:
                return None if number else _unknown(config, part)
            node = node[part]
        else:
            return f'{name} is {node!r} and has no {part!r}; give the whole of {name}'
    return None


def _unknown(config: Config, name: str) -> str | None:
    """Say what is wrong with a new name at the top of a config; None if it means something."""
    from mmengine.runner import Runner
    known = {*inspect.signature(Runner.__init__).parameters, *_FURTHER_KEYS, *config}
    if name in known:
        return None
    near = difflib.get_close_matches(name, known, 1)
    return f'the config has no {name!r}' + (f'; did you mean {near[0]!r}?' if near else
                                            ', and nothing reads it')
