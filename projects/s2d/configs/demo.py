# The recipe on a few videos, from scratch, in minutes on two CPU cores.
# Paths are found beside this file or in a folder above it.
default_scope = 's2d_plugins'

# Frames: a clip is one shot; the short side of its frames is at most this many pixels.
frames = dict(max_short_side=480, min_frames=3)

# Proposals and keymasks. Any config of configs/proposals, with overrides beside it.
proposer = dict(from_file='configs/proposals/motion_color.py')
selection = dict(min_score=0.2, max_containment=0.7)  # proposals that discovery sees
# DIS flow loses fast objects at the default tolerance of the forward-backward check
discovery = dict(
    motion_prior=dict(type='OpenCVFlowPrior', fb_alpha=0.2, fb_beta=15.0),
    candidates_only=True,  # purer than the published matrix of all masks
    window=16, window_overlap=8)  # tracks of fast things do not last longer
max_one2x = 1.0  # instances with a larger share of masks that seem to join objects are left out

# Sparse to dense. With 350 steps the rabbit was whole with one seed and a belly with another.
distill = dict(
    config='configs/sparse_to_dense/s2d_small.py',
    options={
        'train_cfg.max_iters': 500,
        'param_scheduler.1.end': 500,
        'optim_wrapper.type': 'BFloat16OptimWrapper'  # float32 where the CPU cannot
    })

# Dense labels: what is not given here is as in `inference`.
dense = dict(score_thr=0.4)
# Parts of an object score as high as the whole of it: keymasks say which tubes are worth learning,
dense_support = dict(type='KeymaskSupport', min_share=0.5)
# and dense labels which tubes of the final model are what it learnt.
result_support = dict(type='KeymaskSupport', min_share=0.3)
# Masks are coarse: image edges say where objects end, a small network adds what is thin, and
# colours what stands still.
keymask_refinement = [
    dict(type='EdgeRefiner'),
    dict(type='LearntOutline', gaps=(-1, 1), colour_threshold=0.003)]
# A model also marks what looks like the object elsewhere, and parts of it by themselves.
dense_refinement = [*keymask_refinement, dict(type='StrayRemover'), dict(type='PartJoiner')]
result_refinement = dense_refinement
# Instances that keymasks and dense labels agree with less are marked '?'.
result_quality = dict(type='AgreementQuality', low_below=0.15)

# Final training: start from the weights of the distilled 'teacher' or 'student', or None.
final = dict(
    config='configs/final/final_small.py', init_from='teacher',
    options={'optim_wrapper.type': 'BFloat16OptimWrapper'})

# Inference: overlapping windows, at most `top_k` instances each.
inference = dict(
    window=12, overlap=4, top_k=10, score_thr=0.5, tube_nms_iou=0.75, link_iou=0.3)
