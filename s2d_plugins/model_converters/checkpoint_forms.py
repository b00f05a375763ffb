"""The forms that checkpoints come in, told from each other by the names of their tensors."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import S2DInputError

STUDENT, TEACHER, ONLY = 'student', 'teacher', ''


@dataclass(frozen=True)
class Form:
    """Where the models are in a checkpoint.

    Attributes:
        name: As messages call it.
        official: Whether the names are those of the published implementations.
        prefixes: For each model (student and teacher, or the only one) the prefixes of the
            tensors of its backbone and of its head.
    """

    name: str
    official: bool
    prefixes: dict[str, tuple[str, str]]

    def fits(self, names: Iterable[str]) -> bool:
        """Whether a checkpoint with these names has a head where this form has one."""
        heads = tuple(head for _, head in self.prefixes.values())
        return any(name.startswith(heads) for name in names)


S2D = Form('S2D', True, {STUDENT: ('student.0.', 'student.1.'),
                                    TEACHER: ('teacher.0.', 'teacher.1.')})
MASK2FORMER = Form('Mask2Former of detectron2', True, {ONLY: ('backbone.', 'sem_seg_head.')})
DISTILLER = Form('SparseToDenseDistiller', False, {
    STUDENT: ('student.backbone.', 'student.track_head.'),
    TEACHER: ('teacher.backbone.', 'teacher.track_head.')})
VIDEO = Form('SparseToDenseVideo', False, {ONLY: ('backbone.', 'track_head.')})
IMAGE = Form('image Mask2Former of mmdet', False, {ONLY: ('backbone.', 'panoptic_head.')})
FORMS = (S2D, MASK2FORMER, DISTILLER, VIDEO, IMAGE)


def find_form(names: Iterable[str], official: bool) -> Form:
    """Tell which form a checkpoint has.

    Raises:
        S2DInputError: If it has none of those that are converted in this direction.
    """
    names = list(names)
    fitting = [form for form in FORMS if form.fits(names)]
    for form in fitting:
        if form.official == official:
            return form
    if fitting:
        raise S2DInputError(f'its tensors are named as in {fitting[0].name}, which is converted in '
                            f'the other direction: {"add" if official else "leave out"} --reverse')
    heads = [head for form in FORMS if form.official == official
             for _, head in form.prefixes.values()]
    raise S2DInputError(f'expected tensors whose names start with {" or ".join(heads)}, found '
                        f'{list_names(names) or "none"}')


def list_names(names: Iterable[str], shown: int = 3) -> str:
    """List the first few names and count the others."""
    names = list(names)
    rest = len(names) - shown
    return ', '.join(names[:shown]) + (f' and {rest} more' if rest > 0 else '')


def choose_branches(source: Form, wanted: str | None) -> dict[str, str]:
    """Say which of the source's models go where.

    Args:
        source: Form of the source.
        wanted: ``'student'``, ``'teacher'``, ``'both'``, or None for what the source has.

    Returns:
        Model of the target to model of the source. A single model, where both are wanted, becomes
        student and teacher: this is how sparse-to-dense training starts.

    Raises:
        S2DInputError: If a student or teacher is wanted of a source that has neither.
    """
    both = {STUDENT: STUDENT, TEACHER: TEACHER}
    if TEACHER in source.prefixes:
        return both if wanted in (None, 'both') else {ONLY: wanted}
    if wanted is None:
        return {ONLY: ONLY}
    if wanted == 'both':
        return dict.fromkeys(both, ONLY)
    raise S2DInputError(f'{source.name} has no {wanted}: leave out --branch for its one model, or '
                        'give --branch both to make it student and teacher')


def target_form(branches: Iterable[str], official: bool, image: bool = False) -> Form:
    """Return the form with these models.

    Raises:
        S2DInputError: If student and teacher should be image models.
    """
    distilled = TEACHER in branches
    if distilled and image:
        raise S2DInputError('student and teacher are video models: for an image model choose one '
                            'of them, --branch teacher or --branch student')
    if official:
        return S2D if distilled else MASK2FORMER
    if image:
        return IMAGE
    return DISTILLER if distilled else VIDEO
