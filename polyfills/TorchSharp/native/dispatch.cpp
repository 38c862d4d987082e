// One entry point for every ATen operator: look an operator up once, then call it by boxed values.
#include "shim.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <ATen/core/stack.h>

#include <cstdlib>
#include <type_traits>
#include <utility>
#include <vector>

namespace shim {
namespace {

// c10::optional in older versions, std::optional in newer ones: whichever the headers use.
template <typename Some>
struct Rebind;

template <template <typename...> class Family, typename Item>
struct Rebind<Family<Item>> {
  template <typename Other>
  using To = Family<Other>;
};

template <typename Item>
using Optional =
    typename Rebind<typename std::decay<decltype(std::declval<const c10::Argument&>().default_value())>::type>::template To<Item>;

enum class Kind : uint8_t { Other, Float, IntList, FloatList, TensorList, OptionalTensorList };

Kind kind_of(c10::TypePtr type) {
  if (auto optional = type->cast<c10::OptionalType>()) {
    type = optional->getElementType();
  }
  if (type->kind() == c10::TypeKind::FloatType) {
    return Kind::Float;
  }
  auto list = type->cast<c10::ListType>();
  if (!list) {
    return Kind::Other;
  }
  switch (list->getElementType()->kind()) {
    case c10::TypeKind::TensorType:
      return Kind::TensorList;
    case c10::TypeKind::OptionalType:
      return Kind::OptionalTensorList;
    case c10::TypeKind::FloatType:
      return Kind::FloatList;
    default:
      return Kind::IntList;
  }
}

struct Operator {
  explicit Operator(c10::OperatorHandle handle) : handle(std::move(handle)) {
    const auto& schema = this->handle.schema();
    for (const auto& argument : schema.arguments()) {
      kinds.push_back(kind_of(argument.type()));
      defaults.push_back(argument.default_value());
    }
  }

  c10::OperatorHandle handle;
  std::vector<Kind> kinds;
  std::vector<Optional<c10::IValue>> defaults;
};

template <typename Item>
c10::IValue list_of(const Value& value) {
  c10::List<Item> list;
  list.reserve(static_cast<size_t>(value.count));
  auto items = static_cast<const Item*>(value.p);
  for (int32_t i = 0; i < value.count; ++i) {
    list.push_back(items[i]);
  }
  return c10::IValue(std::move(list));
}

c10::IValue bools_of(const Value& value) {
  c10::List<bool> list;
  auto items = static_cast<const uint8_t*>(value.p);
  for (int32_t i = 0; i < value.count; ++i) {
    list.push_back(items[i] != 0);
  }
  return c10::IValue(std::move(list));
}

c10::IValue tensors_of(const Value& value, Kind kind) {
  auto items = static_cast<at::Tensor* const*>(value.p);
  if (kind == Kind::OptionalTensorList) {
    c10::List<Optional<at::Tensor>> list;
    list.reserve(static_cast<size_t>(value.count));
    for (int32_t i = 0; i < value.count; ++i) {
      list.push_back(items[i] ? Optional<at::Tensor>(*items[i]) : Optional<at::Tensor>());
    }
    return c10::IValue(std::move(list));
  }
  c10::List<at::Tensor> list;
  list.reserve(static_cast<size_t>(value.count));
  for (int32_t i = 0; i < value.count; ++i) {
    list.push_back(*items[i]);
  }
  return c10::IValue(std::move(list));
}

c10::IValue default_of(const Operator& op, size_t index) {
  const auto& value = op.defaults[index];
  TORCH_CHECK(value.has_value(), op.handle.schema().name(), ": argument '", op.handle.schema().arguments()[index].name(), "' is missing");
  return *value;
}

c10::IValue to_ivalue(const Operator& op, size_t index, const Value& value) {
  const Kind kind = op.kinds[index];
  switch (value.tag) {
    case Tag::None:
      return c10::IValue();
    case Tag::Tensor:
      return value.p ? c10::IValue(*static_cast<const at::Tensor*>(value.p)) : c10::IValue();
    case Tag::Int:
      if (kind == Kind::Float) {
        return c10::IValue(static_cast<double>(value.i));
      }
      if (kind == Kind::IntList) {
        return c10::IValue(c10::List<int64_t>({value.i}));
      }
      return c10::IValue(value.i);
    case Tag::Double:
      return c10::IValue(value.d);
    case Tag::Bool:
      return c10::IValue(value.i != 0);
    case Tag::Ints:
      return list_of<int64_t>(value);
    case Tag::Doubles:
      return list_of<double>(value);
    case Tag::Bools:
      return bools_of(value);
    case Tag::Tensors:
      return tensors_of(value, kind);
    case Tag::String:
      return c10::IValue(std::string(static_cast<const char*>(value.p), static_cast<size_t>(value.count)));
    case Tag::Device:
      return c10::IValue(c10::Device(static_cast<c10::DeviceType>(value.i >> 32), static_cast<c10::DeviceIndex>(static_cast<int32_t>(value.i))));
    case Tag::Generator:
      return value.p ? c10::IValue(*static_cast<const at::Generator*>(value.p)) : c10::IValue();
    case Tag::Default:
      return default_of(op, index);
  }
  TORCH_CHECK(false, "unknown tag ", static_cast<int32_t>(value.tag));
}

void to_value(c10::IValue&& from, Value& to) {
  to.count = 0;
  to.i = 0;
  if (from.isTensor()) {
    to.tag = Tag::Tensor;
    to.p = to_handle(std::move(from).toTensor());
  } else if (from.isTensorList()) {
    auto list = std::move(from).toTensorList();
    auto handles = static_cast<at::Tensor**>(std::malloc(sizeof(at::Tensor*) * (list.size() + 1)));
    for (size_t i = 0; i < list.size(); ++i) {
      handles[i] = to_handle(at::Tensor(list.get(i)));
    }
    to.tag = Tag::Tensors;
    to.count = static_cast<int32_t>(list.size());
    to.p = handles;
  } else if (from.isInt()) {
    to.tag = Tag::Int;
    to.i = from.toInt();
  } else if (from.isDouble()) {
    to.tag = Tag::Double;
    to.d = from.toDouble();
  } else if (from.isBool()) {
    to.tag = Tag::Bool;
    to.i = from.toBool() ? 1 : 0;
  } else if (from.isNone()) {
    to.tag = Tag::None;
  } else {
    TORCH_CHECK(false, "a result of kind ", from.tagKind(), " cannot be handed on");
  }
}

// The argument stack is kept between calls; a nested call (an operator that calls back) finds it moved away and makes its own.
thread_local std::vector<c10::IValue> kept_stack;

}  // namespace
}  // namespace shim

using shim::Operator;
using shim::Value;

/// The operator of that name ("aten::add") and overload ("Tensor", may be empty), or null when this libtorch has none.
SHIM_API Operator* torchshim_find(const char* name, const char* overload) {
  return shim::guarded<Operator*>(nullptr, [&]() -> Operator* {
    auto found = c10::Dispatcher::singleton().findSchema({name, overload});
    return found ? new Operator(*found) : nullptr;
  });
}

/// Calls the operator; trailing arguments that are left out take the schema's defaults. Writes up to `capacity` results, drops the
/// others, and returns how many were written.
SHIM_API int32_t torchshim_call(const Operator* op, const Value* arguments, int32_t count, Value* results, int32_t capacity) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    const size_t expected = op->kinds.size();
    TORCH_CHECK(static_cast<size_t>(count) <= expected, op->handle.schema().name(), " takes ", expected, " arguments, ", count, " were given");
    auto stack = std::move(shim::kept_stack);
    stack.clear();
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      stack.push_back(shim::to_ivalue(*op, i, arguments[i]));
    }
    for (size_t i = static_cast<size_t>(count); i < expected; ++i) {
      stack.push_back(shim::default_of(*op, i));
    }
    op->handle.callBoxed(stack);
    int32_t written = 0;
    for (; written < capacity && static_cast<size_t>(written) < stack.size(); ++written) {
      shim::to_value(std::move(stack[static_cast<size_t>(written)]), results[written]);
    }
    stack.clear();
    shim::kept_stack = std::move(stack);
    return written;
  });
}

/// Frees the array (not the tensors) of a list result.
SHIM_API void torchshim_free(void* memory) {
  std::free(memory);
}
