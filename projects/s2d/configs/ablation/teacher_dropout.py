# As late_teacher, with the published dropout in the pixel decoder's encoder, which acts on the
# teacher's targets too, as published.
_base_ = './late_teacher.py'

model = dict(
    teacher_mode='train',
    detector=dict(
        track_head=dict(
            pixel_decoder=dict(
                encoder=dict(
                    layer_cfg=dict(
                        self_attn_cfg=dict(dropout=0.3), ffn_cfg=dict(ffn_drop=0.3)))))))
