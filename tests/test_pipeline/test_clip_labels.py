from s2d_plugins.pipeline.clip_labels import trusted


def test_instances_that_join_objects_are_left_out():
    annotations = [dict(id=1, one2x=0.5), dict(id=2, one2x=0.51), dict(id=3),
                   dict(id=4, one2x=None)]
    assert [one['id'] for one in trusted(annotations, 0.5)] == [1, 3, 4]
    assert trusted(annotations, 1.0) == annotations
