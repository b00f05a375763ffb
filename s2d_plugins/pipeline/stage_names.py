"""The stages of the recipe: their names, their order and what kind of results they have.

This is the one list. A stage's name is what ``--stages`` takes, what its folder
``stages/<name>/`` and its entry in ``stages/state.json`` are called, and what tables show.
"""

FRAMES = 'frames'
PROPOSALS = 'proposals'
KEYMASKS = 'keymasks'
DISTILL = 'distill'
DENSE = 'dense'
FINAL = 'final'
INFER = 'infer'

#: All stages in the order in which they run.
STAGES = (FRAMES, PROPOSALS, KEYMASKS, DISTILL, DENSE, FINAL, INFER)
#: One result per clip, ``stages/<stage>/<clip>.json``.
PER_CLIP = (FRAMES, PROPOSALS, KEYMASKS, DENSE)
#: One training for all videos, and the stage whose labels it learns from.
TRAININGS = {DISTILL: KEYMASKS, FINAL: DENSE}
#: What a video is judged by after each stage: masks.
WITH_MASKS = (PROPOSALS, KEYMASKS, DENSE, INFER)
#: Of these, stages whose masks belong to tracks.
TRACKED = (KEYMASKS, DENSE, INFER)
#: Of these, stages whose missing frames are unknown, not empty.
SPARSE = (KEYMASKS,)
#: In tables, the proposals of the frames that have keymasks: what those are to be compared with.
SAME_FRAMES = 'proposals on these frames'
