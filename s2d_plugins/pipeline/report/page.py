"""The HTML around the data: template, style and script of the page in one file.

Nothing that a user named becomes markup: data goes into script blocks as JSON in which ``<``,
``>`` and ``&`` are escaped, and the script sets text alone. A content security policy allows this
one script, by its hash, and no network.
"""

import base64
import hashlib
import json
import math
import re
from importlib.resources import files

_ESCAPES = {ord('<'): '\\u003c', ord('>'): '\\u003e', ord('&'): '\\u0026',
            0x2028: '\\u2028', 0x2029: '\\u2029'}
_MARK = re.compile(r'\[\[([A-Z]+)\]\]')


def data_block(name: str, content: object) -> str:
    """Return a block of JSON that the page's script reads when it needs it."""
    text = json.dumps(_finite(content), separators=(',', ':'), ensure_ascii=True)
    return (f'<script type="application/json" id="{name}">{text.translate(_ESCAPES)}</script>\n')


def build_page(run: dict, blocks: list[str]) -> str:
    """Return the page.

    Args:
        run: What there is of the run as a whole.
        blocks: The blocks of videos and overlays.
    """
    template, style, script = (files(__package__).joinpath(name).read_text(encoding='utf-8')
                               for name in ('page.html', 'page.css', 'page.js'))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    texts = dict(STYLE=style, DIGEST=digest, DATA=data_block('run-data', run) + ''.join(blocks),
                 SCRIPT=script)
    return _MARK.sub(lambda match: texts[match[1]], template)


def _finite(value: object) -> object:
    """Replace numbers that JSON does not know by null."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return round(value, 5) if math.isfinite(value) else None
    return value
