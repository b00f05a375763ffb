"""Which command line tools there are, and where."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Modules of other tests that make inputs, or that the made configs import.
_MODULES = ('robust_models', 'tiny_recipe', 'dataset_layouts', 'small_model', 'official_files')
MODULE_FOLDERS = sorted({path.parent for name in _MODULES
                         for path in (ROOT / 'tests').rglob(f'{name}.py')})

#: A name of this package's own for each tool, and where it is; the first path that exists counts.
TOOLS = {
    'validate_labels': ['validate_labels.py'],
    'merge': ['merge_labels.py', 'merge_keymasks.py'],
    'densify_labels': ['densify_labels.py'],
    'infer_video': ['infer_video.py'],
    'discover_keymasks': ['discover_keymasks.py'],
    'propose_masks': ['propose_masks.py'],
    'eval_vis': ['eval_vis.py'],
    'eval_davis': ['eval_davis.py'],
    'convert_dataset': ['dataset_converters/convert_dataset.py'],
    'run_s2d': ['run_s2d.py'],
    'train': ['train.py'],
    'test': ['test.py'],
    'official_to_s2d': ['model_converters/official_to_s2d.py'],
    'cutler_to_mmdet': ['model_converters/cutler_to_mmdet.py'],
    'download_weights': ['download_weights.py'],
    'proposals_to_coco': ['dataset_converters/proposals_to_coco.py'],
    'import_proposals': ['import_proposals.py'],
    'browse_proposals': ['analysis_tools/browse_proposals.py'],
    'report': ['report.py'],
    'evaluate_stages': ['analysis_tools/evaluate_stages.py'],
    'evaluate_proposals': ['analysis_tools/evaluate_proposals.py'],
}


def tool_path(name: str) -> Path:
    """Return the script of a tool.

    Raises:
        FileNotFoundError: If it is at none of its places.
    """
    for place in TOOLS[name]:
        path = ROOT / 'tools' / place
        if path.is_file():
            return path
    raise FileNotFoundError(f'{name}: none of {TOOLS[name]} is in {ROOT / "tools"}')
