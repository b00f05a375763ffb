"""The COCO and YouTube-VIS protocol written plainly, one pair and one threshold at a time.

Written from the published protocol as an independent check; slow on purpose.
"""

import numpy as np

from s2d_plugins.labels.rle import decode_mask


def dense(tube, size):
    """(T, H, W) bool."""
    return np.stack([np.zeros(size, bool) if rle is None else decode_mask(rle) for rle in tube])


def mean_area(masks):
    areas = masks.sum(axis=(1, 2))
    return areas[areas > 0].mean() if areas.any() else 0.0


def overlap(result, truth, crowd_share=False):
    """IoU of two tubes; for a crowd of an image the share of the result in it."""
    union = (result if crowd_share else result | truth).sum()
    return (result & truth).sum() / union if union else 0.0


def prepare(results, truths, crowd_share):
    """Results best first as (score, area, IoU with each truth), truths as (area, crowd)."""
    results = sorted(results, key=lambda item: -item[0])[:100]
    return ([(score, mean_area(mask),
              [overlap(mask, truth, crowd and crowd_share) for truth, crowd in truths])
             for score, mask in results], [(mean_area(mask), crowd) for mask, crowd in truths])


def match(results, truths, threshold, low, high):
    """[(score, hit, ignored)] of one group, and how many truths count."""
    ignore = [crowd or not low <= area <= high for area, crowd in truths]
    taken, rows = set(), []
    for score, result_area, ious in results:
        best = {False: None, True: None}
        for index, (_, crowd) in enumerate(truths):
            free = index not in taken or crowd
            kept = best[ignore[index]]
            if free and ious[index] >= threshold and (kept is None or ious[index] >= kept[0]):
                best[ignore[index]] = (ious[index], index)
        found = best[False] or best[True]
        if found is None:
            rows.append((score, False, not low <= result_area <= high))
        else:
            taken.add(found[1])
            rows.append((score, True, ignore[found[1]]))
    return rows, sum(not flag for flag in ignore)


def reference(groups, medium, crowd_share=False):
    """Statistics of groups [(results [(score, (T, H, W))], truths [((T, H, W), crowd)])]."""
    ranges = dict(a=(0, 1e10), s=(0, medium[0]), m=medium, l=(medium[1], 1e10))
    groups = [prepare(*group, crowd_share) for group in groups]
    thresholds = np.linspace(0.5, 0.95, 10).tolist()

    def measure(threshold, area, limit):
        rows, count = [], 0
        for results, truths in groups:
            part, wanted = match(results, truths, threshold, *ranges[area])
            rows += part[:limit]
            count += wanted
        if not count:
            return None
        rows = [row for row in sorted(rows, key=lambda row: -row[0]) if not row[2]]
        hits, curve = 0, []
        for number, (_, hit, _) in enumerate(rows, 1):
            hits += hit
            curve.append((hits / count, hits / number))
        precision = [max((p for r, p in curve if r >= point), default=0.0)
                     for point in np.linspace(0, 1, 101)]
        return np.mean(precision), hits / count

    def mean(part, area, limit, chosen=tuple(thresholds)):
        values = [measure(threshold, area, limit) for threshold in chosen]
        return -1.0 if values[0] is None else float(np.mean([value[part] for value in values]))

    names = dict(AP=(0, 'a', 100), AP50=(0, 'a', 100, [0.5]), AP75=(0, 'a', 100, [0.75]),
                 APs=(0, 's', 100), APm=(0, 'm', 100), APl=(0, 'l', 100), AR1=(1, 'a', 1),
                 AR10=(1, 'a', 10), AR100=(1, 'a', 100), ARs=(1, 's', 100), ARm=(1, 'm', 100),
                 ARl=(1, 'l', 100))
    return {name: mean(*arguments) for name, arguments in names.items()}
