/** @file Why a name of PyTorch's is not here: the first rule that fits. */

interface Rule {
  readonly names: RegExp;
  readonly reason: string;
}

const rule = (names: string, reason: string): Rule => ({
  names: new RegExp(`^(?:${names.trim().split(/\s+/).join("|")})$`),
  reason,
});

export const RULES: readonly Rule[] = [
  rule(
    ".*quantize.* .*quant.* q_.* qscheme int_repr fake_.* fbgemm_.* choose_qparams.* fused_moving.* .*_affine.*qparams",
    "quantisation is not part of the library",
  ),
  rule(
    ".*sparse.* .*_indices(_copy)? to_dense coalesce is_coalesced indices values values_copy indices_copy dense_dim layout hspmm hsmm dsmm smm spmm sspaddmm saddmm to_padded_tensor .*nested.*",
    "sparse and nested tensors are not part of the library",
  ),
  rule("align_.* names? rename_? refine_names has_names", "named tensors are not part of the library"),
  rule(
    ".*cudnn.* .*miopen.* .*mkldnn.* .*vulkan.* .*mps.* ipu xpu is_(cuda|cpu|ipu|meta|ort|xpu|quantized|distributed|pinned) pin_memory record_stream cuda get_device",
    "belongs to devices that the library does not have, or is a property of the device: `x.device`",
  ),
  rule(
    "(import_ir|parse_|script|trace|fork|wait|merge_type|unify_type|compiled_with|read_vitals|set_vital|vitals|init_num|get_file_path|prepare_multi|typename|attr|candidate|is_warn|set_warn|get_num_interop|set_num_interop|classproperty|obj|handle_torch|has_torch|boolean_dispatch|assert_int|is_storage|is_distributed|eye_).*",
    "serves Python, TorchScript or threads of Python",
  ),
  rule(".*_copy", "a view and `clone()`"),
  rule(
    "(eig|symeig|lstsq|solve|matrix_rank|range|resize|resize_as|new|volatile|reinforce|set_default_tensor_type|storage_type)",
    "removed from PyTorch 2, or deprecated there: `torch.linalg` and `to` have it",
  ),
  rule(
    "(conv.*|convolution|batch_norm.*|layer_norm|group_norm|instance_norm|embedding.*|dropout_?|alpha_dropout_?|feature_.*|.*_loss|.*_logits|kl_div|grid_sampler.*|affine_grid.*|ctc_loss|native_.*|norm_except_dim|nuclear_norm|frobenius_norm|rrelu_|threshold_|celu_|selu_|relu_)",
    "under `torch.nn.functional`, `torch.linalg` or as a module",
  ),
  rule("(rnn|lstm|gru)_?.* .*_cell", "as modules: `torch.nn.LSTM` and its like"),
  rule("set_ data_ptr is_set_to", "memory has no address here; `x.data = y` takes over the memory of another tensor"),
  rule(".+_ detach", "as a method of the tensor: `x.name()`"),
  rule(
    "(autocast|.*autocast.*|.*anomaly.*|set_flush_denormal|.*float32_matmul_precision)",
    "a switch of something that is always so here: float32 products are exact to float32; for autocast: `torch.amp`",
  ),
  rule(
    "(from|to)_dlpack",
    "there is no other library of tensors to exchange them with; `torch.fromNumpy` shares typed arrays",
  ),
  rule("from_file", "`torch.frombuffer` of what `readFile` gives"),
  rule("segment_reduce", "a prototype in PyTorch; `scatterReduce` and `indexReduce` do it"),
  rule("unsafe_.*", "the same without `unsafe`: there is no check of versions to leave out"),
  rule("type chalf", "`x.dtype` and `x.to(dtype)`; there is no complex32"),
  rule("as_subclass", "tensors have no subclasses"),
  rule("(as_masked_tensor|is_masked_tensor|masked_tensor)", "masked tensors are a prototype in PyTorch"),
];

/** @throws Error for a name without a reason */
export function reasonFor(name: string): string {
  const found = RULES.find(({ names }) => names.test(name));
  if (found === undefined) throw new Error(`no reason is given for the absence of ${name}`);
  return found.reason;
}
