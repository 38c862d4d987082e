// Functions whose gradients the managed half computes: a node of libtorch's graph that calls back.
#include "shim.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

using at::Tensor;
using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

namespace {

// Owns the handles that it is given, and gives away those that it puts into `results`, one per input; null is no gradient.
// Returns a negative number after torchshim_set_error.
using Backward = int32_t (*)(void* context, Tensor* gradient, Tensor* const* saved, int32_t saved_count, Tensor** results, int32_t count);
using Release = void (*)(void* context);

class ManagedNode : public torch::autograd::Node {
 public:
  ManagedNode(std::string name, const variable_list& saved, int32_t inputs, Backward backward, Release release, void* context)
      : name_(std::move(name)), inputs_(inputs), backward_(backward), release_(release), context_(context) {
    for (const auto& tensor : saved) {
      saved_.emplace_back(tensor, /*is_output=*/false);
    }
  }

  ~ManagedNode() override {
    release_(context_);
  }

  std::string name() const override {
    return name_;
  }

  void release_variables() override {
    saved_.clear();
    released_ = true;
  }

  variable_list apply(variable_list&& gradients) override {
    if (released_) {
      throw std::runtime_error(torch::autograd::ERR_BACKWARD_TWICE);
    }
    std::vector<Tensor*> saved;
    for (auto& variable : saved_) {
      saved.push_back(shim::to_handle(variable.unpack()));
    }
    auto gradient = gradients[0].defined() ? gradients[0] : input_metadata(0).zeros_like();
    std::vector<Tensor*> results(static_cast<size_t>(inputs_));
    const auto status = backward_(context_, shim::to_handle(std::move(gradient)), saved.data(), static_cast<int32_t>(saved.size()), results.data(), inputs_);
    variable_list own(results.size());
    for (size_t i = 0; i < results.size(); ++i) {
      if (results[i]) {
        own[i] = *results[i];
        torchshim_tensor_free(results[i]);
      }
    }
    if (status < 0) {
      throw std::runtime_error(torchshim_last_error());
    }
    return own;
  }

 private:
  std::string name_;
  int32_t inputs_;
  Backward backward_;
  Release release_;
  void* context_;
  std::vector<SavedVariable> saved_;
  bool released_ = false;
};

// A node as libtorch keeps it: by std::shared_ptr, from 2.13 on by c10::intrusive_ptr.
using NodePointer = std::decay_t<decltype(std::declval<const Tensor&>().grad_fn())>;

template <typename Pointer, typename... Arguments>
Pointer make_node(Arguments&&... arguments) {
  if constexpr (std::is_same_v<Pointer, std::shared_ptr<torch::autograd::Node>>) {
    // Releases a long chain of nodes without recursion. Looked up by its argument, since newer headers do not have it.
    return Pointer(new ManagedNode(std::forward<Arguments>(arguments)...), [](auto* node) { deleteNode(node); });
  } else {
    return c10::make_intrusive<ManagedNode>(std::forward<Arguments>(arguments)...);
  }
}

variable_list tensors_at(Tensor* const* items, int32_t count) {
  variable_list tensors;
  for (int32_t i = 0; i < count; ++i) {
    tensors.push_back(*items[i]);
  }
  return tensors;
}

}  // namespace

SHIM_API void torchshim_set_error(const char* message) {
  shim::set_error(std::string(message));
}

/// Makes `output` the result of a function of `inputs`. Returns 1 when gradients will be asked of it, 0 when nothing can ask; `release` is called, once, only after a 1.
SHIM_API int32_t torchshim_function_attach(
    Tensor* output,
    Tensor* const* inputs,
    int32_t count,
    Tensor* const* saved,
    int32_t saved_count,
    const char* name,
    Backward backward,
    Release release,
    void* context) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    const auto variables = tensors_at(inputs, count);
    if (!c10::GradMode::is_enabled() || std::none_of(variables.begin(), variables.end(), [](const Tensor& tensor) { return tensor.requires_grad(); })) {
      return 0;
    }
    for (const auto& variable : variables) {
      TORCH_CHECK(!variable.is_same(*output), name, ": forward must return a new tensor, not one of its arguments");
    }
    auto edges = torch::autograd::collect_next_edges(variables);
    auto node = make_node<NodePointer>(name, tensors_at(saved, saved_count), count, backward, release, context);
    node->set_next_edges(std::move(edges));
    torch::autograd::set_history(*output, node);
    return 1;
  });
}
