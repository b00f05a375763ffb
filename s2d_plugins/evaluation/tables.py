"""Markdown tables of numbers."""

from collections.abc import Sequence


def markdown_table(header: Sequence[str], rows: Sequence[Sequence], scale: float = 1) -> str:
    """Format rows as a Markdown table with aligned columns.

    Args:
        header: Names of the columns.
        rows: Cells; floats are shown with one decimal after scaling, None as a dash, everything
            else as it is.
        scale: Factor for floats (100 shows shares as percent).
    """
    cells = [list(map(str, header))]
    for row in rows:
        cells.append(['-' if cell is None else f'{cell * scale:.1f}' if isinstance(cell, float)
                      else str(cell) for cell in row])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ['| ' + ' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
             + ' |' for row in cells]
    rule = '|' + '|'.join('-' * (width + 1) + (':' if index else '-')
                          for index, width in enumerate(widths)) + '|'
    return '\n'.join([lines[0], rule, *lines[1:]])
