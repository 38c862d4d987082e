// What a tensor is, beyond its operators: life time, shape, memory, autograd.
#include "shim.h"

#include <ATen/ops/from_blob.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>

#include <algorithm>
#include <vector>

using at::Tensor;

namespace shim {

std::atomic<int64_t> live_handles{0};

namespace {
thread_local std::string last_error;

std::vector<Tensor> tensors_at(Tensor* const* items, int32_t count) {
  std::vector<Tensor> tensors;
  tensors.reserve(static_cast<size_t>(count));
  for (int32_t i = 0; i < count; ++i) {
    tensors.push_back(items && items[i] ? *items[i] : Tensor());
  }
  return tensors;
}
}  // namespace

void set_error(const std::string& message) {
  last_error = message;
}

void set_error(const std::exception& error) {
  if (auto own = dynamic_cast<const c10::Error*>(&error)) {
    last_error = own->what_without_backtrace();
  } else {
    last_error = error.what();
  }
}

}  // namespace shim

SHIM_API const char* torchshim_last_error() {
  return shim::last_error.c_str();
}

SHIM_API const char* torchshim_version() {
  return TORCH_VERSION;
}

SHIM_API int64_t torchshim_live_handles() {
  return shim::live_handles.load();
}

SHIM_API void torchshim_tensor_free(Tensor* tensor) {
  shim::live_handles.fetch_sub(1, std::memory_order_relaxed);
  delete tensor;
}

/// Another handle of the same tensor.
SHIM_API Tensor* torchshim_tensor_alias(const Tensor* tensor) {
  return shim::to_handle(Tensor(*tensor));
}

/// Mirrors TorchSharp.Interop.TensorFacts.
struct TensorFacts {
  int64_t numel;
  int64_t dimensions;
  int64_t storage_offset;
  int32_t dtype;
  int32_t device_type;
  int32_t device_index;
  int32_t layout;
  int32_t element_size;
  int32_t flags;
};

SHIM_API int32_t torchshim_tensor_facts(const Tensor* tensor, TensorFacts* facts) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    const bool strided = tensor->layout() == c10::kStrided;
    facts->numel = tensor->numel();
    facts->dimensions = tensor->dim();
    facts->storage_offset = strided ? tensor->storage_offset() : 0;
    facts->dtype = static_cast<int32_t>(tensor->scalar_type());
    facts->device_type = static_cast<int32_t>(tensor->device().type());
    facts->device_index = static_cast<int32_t>(tensor->device().index());
    facts->layout = static_cast<int32_t>(tensor->layout());
    facts->element_size = static_cast<int32_t>(tensor->element_size());
    facts->flags = (tensor->requires_grad() ? 1 : 0) | (tensor->is_leaf() ? 2 : 0) | (strided && tensor->is_contiguous() ? 4 : 0) |
        (tensor->is_inference() ? 8 : 0) | (tensor->grad_fn() ? 16 : 0);
    return 0;
  });
}

SHIM_API int32_t torchshim_tensor_dtype(const Tensor* tensor) {
  return static_cast<int32_t>(tensor->scalar_type());
}

/// Writes up to `capacity` sizes (or strides) and returns the number of dimensions.
SHIM_API int32_t torchshim_tensor_sizes(const Tensor* tensor, int64_t* into, int32_t capacity, int32_t strides) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    const auto from = strides ? tensor->strides() : tensor->sizes();
    const auto count = std::min<int32_t>(capacity, static_cast<int32_t>(from.size()));
    std::copy_n(from.data(), count, into);
    return static_cast<int32_t>(from.size());
  });
}

SHIM_API void* torchshim_tensor_data(const Tensor* tensor) {
  return shim::guarded<void*>(nullptr, [&]() -> void* { return tensor->numel() ? tensor->data_ptr() : nullptr; });
}

/// A contiguous CPU tensor over memory that stays valid until `release(context)` is called, once, from any thread.
SHIM_API Tensor* torchshim_tensor_over(void* data, const int64_t* sizes, int32_t dimensions, int32_t dtype, void (*release)(void*), void* context) {
  return shim::guarded<Tensor*>(nullptr, [&]() -> Tensor* {
    auto options = at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype));
    return shim::to_handle(at::from_blob(
        data, at::IntArrayRef(sizes, static_cast<size_t>(dimensions)), [release, context](void*) { release(context); }, options));
  });
}

SHIM_API int32_t torchshim_tensor_set_requires_grad(const Tensor* tensor, int32_t requires_grad) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    tensor->set_requires_grad(requires_grad != 0);
    return 0;
  });
}

/// The gradient, or null when there is none (told from an error by torchshim_last_error being empty).
SHIM_API Tensor* torchshim_tensor_grad(const Tensor* tensor) {
  return shim::guarded<Tensor*>(nullptr, [&]() -> Tensor* {
    const Tensor& grad = tensor->grad();
    return grad.defined() ? shim::to_handle(Tensor(grad)) : nullptr;
  });
}

SHIM_API int32_t torchshim_tensor_set_grad(Tensor* tensor, const Tensor* grad) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    tensor->mutable_grad() = grad ? *grad : Tensor();
    return 0;
  });
}

SHIM_API int32_t torchshim_tensor_set_data(Tensor* tensor, const Tensor* data) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    tensor->set_data(*data);
    return 0;
  });
}

SHIM_API int32_t torchshim_backward(
    Tensor* const* roots, Tensor* const* gradients, int32_t count, int32_t retain_graph, int32_t create_graph, Tensor* const* inputs, int32_t inputs_count) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    torch::autograd::backward(
        shim::tensors_at(roots, count),
        gradients ? shim::tensors_at(gradients, count) : std::vector<Tensor>(),
        retain_graph != 0,
        create_graph != 0,
        shim::tensors_at(inputs, inputs_count));
    return 0;
  });
}

/// Writes one handle per input into `results`; an input that is not used (allowed by allow_unused) leaves null.
SHIM_API int32_t torchshim_grad(
    Tensor* const* outputs,
    Tensor* const* gradients,
    int32_t outputs_count,
    Tensor* const* inputs,
    int32_t inputs_count,
    int32_t retain_graph,
    int32_t create_graph,
    int32_t allow_unused,
    Tensor** results) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    auto grads = torch::autograd::grad(
        shim::tensors_at(outputs, outputs_count),
        shim::tensors_at(inputs, inputs_count),
        gradients ? shim::tensors_at(gradients, outputs_count) : std::vector<Tensor>(),
        retain_graph != 0,
        create_graph != 0,
        allow_unused != 0);
    for (size_t i = 0; i < grads.size(); ++i) {
      results[i] = grads[i].defined() ? shim::to_handle(std::move(grads[i])) : nullptr;
    }
    return 0;
  });
}
