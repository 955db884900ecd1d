// SPDX-License-Identifier: MPL-2.0
//! The forms of operators that are known here: inputs, outputs and attributes, as ONNX's own pages have them.
//!
//! Of an operator with a rule everything is listed that any version from opset 7 to [`READ_TO`] has. Of the others only those
//! of which an input or output may be absent.

/// The last opset that the forms were read against.
pub(super) const READ_TO: i64 = 28;

/// An operator's form.
pub(super) struct Form {
    pub(super) operator: &'static str,
    /// The opset of its newest version that is known.
    pub(super) version: i64,
    /// Names of its inputs; of one with a `?` the place may be empty, of one with a `*` there are any number.
    pub(super) inputs: &'static str,
    /// Names of its outputs, in the same way.
    pub(super) outputs: &'static str,
    /// Names of its attributes, with the values that are known, or that numbers are above 0, where not all are.
    pub(super) attributes: &'static str,
}

const fn form(
    operator: &'static str,
    version: i64,
    inputs: &'static str,
    outputs: &'static str,
    attributes: &'static str,
) -> Form {
    Form {
        operator,
        version,
        inputs,
        outputs,
        attributes,
    }
}

/// Of every operator that has a rule.
#[rustfmt::skip]
pub(super) const FORMS: &[Form] = &[
    form("Conv", 22, "X W B?", "Y", "auto_pad=NOTSET|SAME_UPPER|SAME_LOWER|VALID dilations>0 group>0 kernel_shape>0 pads strides>0"),
    form("ConvTranspose", 22, "X W B?", "Y", "auto_pad=NOTSET|SAME_UPPER|SAME_LOWER|VALID dilations>0 group>0 kernel_shape>0 output_padding output_shape pads strides>0"),
    form("Einsum", 28, "x*", "Output", "equation"),
    form("Gemm", 13, "A B C?", "Y", "alpha beta transA=0|1 transB=0|1"),
    form("MatMul", 13, "A B", "Y", ""),
    form("AveragePool", 22, "X", "Y", "auto_pad=NOTSET|SAME_UPPER|SAME_LOWER|VALID ceil_mode=0|1 count_include_pad=0|1 dilations>0 kernel_shape>0 pads strides>0"),
    form("GlobalAveragePool", 22, "X", "Y", ""),
    form("GlobalMaxPool", 22, "X", "Y", ""),
    form("MaxPool", 22, "X", "Y Indices?", "auto_pad=NOTSET|SAME_UPPER|SAME_LOWER|VALID ceil_mode=0|1 dilations>0 kernel_shape>0 pads storage_order=0|1 strides>0"),
    form("Abs", 13, "X", "Y", ""),
    form("Atan", 22, "input", "output", ""),
    form("Celu", 28, "X", "Y", "alpha"),
    form("Clip", 13, "input min? max?", "output", "max min"),
    form("Cos", 22, "input", "output", ""),
    form("Cosh", 22, "input", "output", ""),
    form("Elu", 22, "X", "Y", "alpha"),
    form("Erf", 13, "input", "output", ""),
    form("Exp", 13, "input", "output", ""),
    form("Gelu", 20, "X", "Y", "approximate=none|tanh"),
    form("HardSigmoid", 22, "X", "Y", "alpha beta"),
    form("HardSwish", 22, "X", "Y", ""),
    form("LeakyRelu", 16, "X", "Y", "alpha"),
    form("Log", 13, "input", "output", ""),
    form("Mish", 22, "X", "Y", ""),
    form("Neg", 13, "X", "Y", ""),
    form("PRelu", 16, "X slope", "Y", ""),
    form("Reciprocal", 13, "X", "Y", ""),
    form("Relu", 14, "X", "Y", ""),
    form("Selu", 22, "X", "Y", "alpha gamma"),
    form("Sigmoid", 13, "X", "Y", ""),
    form("Sin", 22, "input", "output", ""),
    form("Sinh", 22, "input", "output", ""),
    form("Softplus", 22, "X", "Y", ""),
    form("Softsign", 22, "input", "output", ""),
    form("Sqrt", 13, "X", "Y", ""),
    form("Tan", 22, "input", "output", ""),
    form("Tanh", 13, "input", "output", ""),
    form("ThresholdedRelu", 22, "X", "Y", "alpha"),
    form("Add", 14, "A B", "C", ""),
    form("Div", 14, "A B", "C", ""),
    form("Max", 13, "x*", "max", ""),
    form("Mean", 13, "x*", "mean", ""),
    form("Min", 13, "x*", "min", ""),
    form("Mul", 14, "A B", "C", ""),
    form("Pow", 15, "X Y", "Z", ""),
    form("Sub", 14, "A B", "C", ""),
    form("Sum", 13, "x*", "sum", ""),
    form("Where", 16, "condition X Y", "output", ""),
    form("BatchNormalization", 15, "X scale B mean var", "Y mean? var? saved_mean? saved_var?", "epsilon momentum spatial=0|1 training_mode=0|1"),
    form("GroupNormalization", 21, "X scale bias", "Y", "epsilon num_groups>0 stash_type=1"),
    form("InstanceNormalization", 22, "input scale B", "output", "epsilon"),
    form("LRN", 13, "X", "Y", "alpha beta bias size>0"),
    form("LayerNormalization", 17, "X Scale B?", "Y Mean? InvStdDev?", "axis epsilon stash_type=1"),
    form("LpNormalization", 22, "input", "output", "axis p=1|2"),
    form("RMSNormalization", 23, "X scale", "Y", "axis epsilon stash_type=1"),
    form("CumSum", 14, "x axis", "y", "exclusive=0|1 reverse=0|1"),
    form("ReduceL1", 18, "data axes?", "reduced", "axes keepdims=0|1 noop_with_empty_axes=0|1"),
    form("ReduceL2", 18, "data axes?", "reduced", "axes keepdims=0|1 noop_with_empty_axes=0|1"),
    form("ReduceLogSum", 28, "data axes?", "reduced", "axes keepdims=0|1 noop_with_empty_axes=0|1"),
    form("ReduceLogSumExp", 28, "data axes?", "reduced", "axes keepdims=0|1 noop_with_empty_axes=0|1"),
    form("ReduceMax", 20, "data axes?", "reduced", "axes keepdims=0|1 noop_with_empty_axes=0|1"),
    form("ReduceMean", 18, "data axes?", "reduced", "axes keepdims=0|1 noop_with_empty_axes=0|1"),
    form("ReduceMin", 20, "data axes?", "reduced", "axes keepdims=0|1 noop_with_empty_axes=0|1"),
    form("ReduceProd", 18, "data axes?", "reduced", "axes keepdims=0|1 noop_with_empty_axes=0|1"),
    form("ReduceSum", 13, "data axes?", "reduced", "axes keepdims=0|1 noop_with_empty_axes=0|1"),
    form("ReduceSumSquare", 18, "data axes?", "reduced", "axes keepdims=0|1 noop_with_empty_axes=0|1"),
    form("Cast", 28, "input", "output", "to saturate round_mode"),
    form("Concat", 13, "x*", "concat_result", "axis"),
    form("DepthToSpace", 28, "input", "output", "blocksize>0 mode=DCR|CRD"),
    form("Dropout", 22, "data ratio? training_mode?", "output mask?", "ratio seed"),
    form("Expand", 13, "input shape", "output", ""),
    form("Flatten", 25, "input", "output", "axis"),
    form("Identity", 25, "input", "output", ""),
    form("Reshape", 25, "data shape", "reshaped", "allowzero=0|1"),
    form("SpaceToDepth", 28, "input", "output", "blocksize>0 mode=DCR|CRD"),
    form("Split", 18, "input split?", "outputs*", "axis num_outputs>0 split"),
    form("Squeeze", 25, "data axes?", "squeezed", "axes"),
    form("Tile", 13, "input repeats", "output", ""),
    form("Transpose", 25, "data", "transposed", "perm"),
    form("Unsqueeze", 25, "data axes?", "expanded", "axes"),
    form("Gather", 13, "data indices", "output", "axis"),
    form("GatherElements", 13, "data indices", "output", "axis"),
    form("GatherND", 13, "data indices", "output", "batch_dims"),
    form("Pad", 25, "data pads? constant_value? axes?", "output", "mode=constant|reflect|edge|wrap pads value"),
    form("ScatterElements", 18, "data indices updates", "output", "axis reduction=none|add|mul|max|min"),
    form("ScatterND", 18, "data indices updates", "output", "reduction=none|add|mul|max|min"),
    form("Slice", 13, "data starts? ends? axes? steps?", "output", "axes ends starts"),
    form("TopK", 24, "X K?", "Values Indices?", "axis k largest=0|1 sorted=0|1"),
    form("Resize", 19, "X roi? scales? sizes?", "Y", "antialias=0|1 axes coordinate_transformation_mode=half_pixel|half_pixel_symmetric|pytorch_half_pixel|align_corners|asymmetric|tf_half_pixel_for_nn|tf_crop_and_resize cubic_coeff_a exclude_outside=0|1 extrapolation_value keep_aspect_ratio_policy=stretch|not_larger|not_smaller mode=nearest|linear|cubic nearest_mode=round_prefer_floor|round_prefer_ceil|floor|ceil"),
    form("Upsample", 9, "X scales?", "Y", "mode=nearest|linear scales"),
    form("LogSoftmax", 13, "input", "output", "axis"),
    form("Softmax", 13, "input", "output", "axis"),
    form("Attention", 25, "Q K V attn_mask? past_key? past_value? nonpad_kv_seqlen?", "Y present_key? present_value? qk_matmul_output?", "is_causal=0|1 kv_num_heads left_window_size=-1 q_num_heads qk_matmul_output_mode right_window_size=-1 scale softcap softmax_precision=1"),
    form("RotaryEmbedding", 23, "X cos_cache sin_cache position_ids?", "Y", "interleaved=0|1 num_heads rotary_embedding_dim"),
    form("DequantizeLinear", 28, "x x_scale x_zero_point?", "y", "axis block_size output_dtype=0|1"),
    form("QuantizeLinear", 28, "x y_scale y_zero_point?", "y", "axis block_size=0 output_dtype precision=0|1 saturate"),
];

/// The domain of ONNX Runtime's own operators.
pub(super) const FUSED_DOMAIN: &str = "com.microsoft";

/// Of ONNX Runtime's own operators that are written out before the gradient is taken.
#[rustfmt::skip]
pub(super) const FUSED: &[Form] = &[
    form("BiasGelu", 1, "A B", "C", ""),
    form("FastGelu", 1, "X bias?", "Y", ""),
    form("FusedConv", 1, "X W B? Z?", "Y", "activation=Relu|Sigmoid|Tanh|LeakyRelu|Clip|HardSigmoid|HardSwish activation_params auto_pad=NOTSET|SAME_UPPER|SAME_LOWER|VALID dilations>0 group>0 kernel_shape>0 pads strides>0"),
    form("FusedGemm", 1, "A B C?", "Y", "activation=Relu|Sigmoid|Tanh|LeakyRelu|Elu|Softplus|Softsign activation_alpha activation_beta activation_gamma alpha beta transA=0|1 transB=0|1"),
    form("FusedMatMul", 1, "A B", "Y", "alpha transA=0|1 transB=0|1 transBatchA=0 transBatchB=0"),
    form("Gelu", 1, "X", "Y", ""),
    form("QuickGelu", 1, "X", "Y", "alpha"),
    form("SkipLayerNormalization", 1, "input skip gamma beta? bias?", "output mean? inv_std_var? input_skip_bias_sum?", "epsilon"),
];

/// Of operators without a rule: name, inputs and outputs.
#[rustfmt::skip]
pub(super) const OTHERS: &[(&str, &str, &str)] = &[
    ("ConvInteger", "x w x_zero_point? w_zero_point?", "y"),
    ("CausalConvWithState", "input weight bias? past_state?", "output present_state"),
    ("DFT", "input dft_length? axis?", "output"),
    ("DeformConv", "X W offset B? mask?", "Y"),
    ("GRU", "X W R B? sequence_lens? initial_h?", "Y? Y_h?"),
    ("LSTM", "X W R B? sequence_lens? initial_h? initial_c? P?", "Y? Y_h? Y_c?"),
    ("LinearAttention", "query key value past_state? decay? beta?", "output present_state"),
    ("Loop", "M? cond? v*", "v*"),
    ("MatMulInteger", "A B a_zero_point? b_zero_point?", "Y"),
    ("MaxUnpool", "X I output_shape?", "output"),
    ("NegativeLogLikelihoodLoss", "input target weight?", "loss"),
    ("NonMaxSuppression", "boxes scores max_output_boxes_per_class? iou_threshold? score_threshold?", "selected_indices"),
    ("Optional", "input?", "output"),
    ("OptionalHasElement", "input?", "output"),
    ("QLinearConv", "x x_scale x_zero_point w w_scale w_zero_point y_scale y_zero_point B?", "y"),
    ("RNN", "X W R B? sequence_lens? initial_h?", "Y? Y_h?"),
    ("STFT", "signal frame_step window? frame_length?", "output"),
    ("Scan", "sequence_lens? v*", "v*"),
    ("SequenceErase", "input_sequence position?", "output_sequence"),
    ("SequenceInsert", "input_sequence tensor position?", "output_sequence"),
    ("SoftmaxCrossEntropyLoss", "scores labels weights?", "output log_prob?"),
    ("SplitToSequence", "input split?", "output_sequence"),
    ("TensorScatter", "past_cache update write_indices?", "present_cache"),
    ("Trilu", "input k?", "output"),
    ("Unique", "X", "Y indices? inverse_indices? counts?"),
];
