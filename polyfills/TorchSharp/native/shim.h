// The C boundary between TorchSharp's managed half and libtorch. Every function that can fail returns a negative number (or a null
// pointer) and leaves libtorch's message in torchshim_last_error(), per thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#define SHIM_API extern "C" __attribute__((visibility("default")))

SHIM_API const char* torchshim_last_error();
SHIM_API void torchshim_tensor_free(at::Tensor* tensor);

namespace shim {

// Mirrors TorchSharp.Interop.Tag. Numbers are part of the boundary.
enum class Tag : int32_t {
  None = 0,
  Tensor = 1,      // p: at::Tensor*
  Int = 2,         // i: also ScalarType, Layout, MemoryFormat
  Double = 3,      // d
  Bool = 4,        // i
  Ints = 5,        // p: int64_t[count]
  Doubles = 6,     // p: double[count]
  Bools = 7,       // p: uint8_t[count]
  Tensors = 8,     // p: at::Tensor*[count]; a null entry is None where the schema allows it
  String = 9,      // p: UTF-8, count bytes
  Device = 10,     // i: type << 32 | (index & 0xffffffff), index -1 = current
  Generator = 11,  // p: at::Generator*
  Default = 12,    // what the operator's schema says
};

struct Value {
  Tag tag;
  int32_t count;
  union {
    int64_t i;
    double d;
    void* p;
  };
};

static_assert(sizeof(Value) == 16, "the managed half relies on this layout");

void set_error(const std::exception& error);
void set_error(const std::string& message);

// Handles handed to the managed half and not yet freed.
extern std::atomic<int64_t> live_handles;

inline at::Tensor* to_handle(at::Tensor&& tensor) {
  live_handles.fetch_add(1, std::memory_order_relaxed);
  return new at::Tensor(std::move(tensor));
}

// Runs body; on an exception keeps its message and returns `failed`.
template <typename Result, typename Body>
Result guarded(Result failed, Body&& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    set_error(error);
  } catch (...) {
    set_error("an exception of an unknown kind came out of libtorch");
  }
  return failed;
}

}  // namespace shim
