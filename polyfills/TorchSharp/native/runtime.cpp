// What belongs to the process or the thread: grad and inference mode, threads, random generators, devices.
#include "shim.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/Generator.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/cuda.h>

#include <mutex>

SHIM_API int32_t torchshim_grad_mode() {
  return c10::GradMode::is_enabled() ? 1 : 0;
}

SHIM_API void torchshim_set_grad_mode(int32_t enabled) {
  c10::GradMode::set_enabled(enabled != 0);
}

SHIM_API int32_t torchshim_inference_mode() {
  return c10::InferenceMode::is_enabled() ? 1 : 0;
}

/// A guard of the calling thread; guards end in the reverse order of their beginning, on the same thread.
SHIM_API c10::InferenceMode* torchshim_inference_begin(int32_t enabled) {
  return new c10::InferenceMode(enabled != 0);
}

SHIM_API void torchshim_inference_end(c10::InferenceMode* guard) {
  delete guard;
}

SHIM_API int32_t torchshim_threads() {
  return at::get_num_threads();
}

SHIM_API int32_t torchshim_set_threads(int32_t count) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    at::set_num_threads(count);
    return 0;
  });
}

SHIM_API int32_t torchshim_interop_threads() {
  return static_cast<int32_t>(at::get_num_interop_threads());
}

SHIM_API int32_t torchshim_set_interop_threads(int32_t count) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    at::set_num_interop_threads(count);
    return 0;
  });
}

SHIM_API int32_t torchshim_manual_seed(uint64_t seed) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    at::manual_seed(seed);
    return 0;
  });
}

/// The default generator of a device (type as in c10::DeviceType).
SHIM_API at::Generator* torchshim_generator_default(int32_t device_type, int32_t device_index) {
  return shim::guarded<at::Generator*>(nullptr, [&]() -> at::Generator* {
    c10::Device device(static_cast<c10::DeviceType>(device_type), static_cast<c10::DeviceIndex>(device_index));
    return new at::Generator(at::globalContext().defaultGenerator(device));
  });
}

/// A generator of its own, on the CPU or (a copy of the device's default one, seeded anew) on another device.
SHIM_API at::Generator* torchshim_generator_new(uint64_t seed, int32_t device_type, int32_t device_index) {
  return shim::guarded<at::Generator*>(nullptr, [&]() -> at::Generator* {
    c10::Device device(static_cast<c10::DeviceType>(device_type), static_cast<c10::DeviceIndex>(device_index));
    if (device.is_cpu()) {
      return new at::Generator(at::detail::createCPUGenerator(seed));
    }
    auto generator = at::globalContext().defaultGenerator(device).clone();
    generator.set_current_seed(seed);
    return new at::Generator(std::move(generator));
  });
}

SHIM_API void torchshim_generator_free(at::Generator* generator) {
  delete generator;
}

SHIM_API int32_t torchshim_generator_seed(at::Generator* generator, uint64_t seed) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    std::lock_guard<std::mutex> lock(generator->mutex());
    generator->set_current_seed(seed);
    return 0;
  });
}

/// A seed from the system's entropy, set and returned.
SHIM_API uint64_t torchshim_generator_random_seed(at::Generator* generator) {
  return shim::guarded<uint64_t>(0, [&]() -> uint64_t {
    std::lock_guard<std::mutex> lock(generator->mutex());
    return generator->seed();
  });
}

SHIM_API uint64_t torchshim_generator_initial_seed(at::Generator* generator) {
  return shim::guarded<uint64_t>(0, [&]() -> uint64_t {
    std::lock_guard<std::mutex> lock(generator->mutex());
    return generator->current_seed();
  });
}

SHIM_API at::Tensor* torchshim_generator_state(at::Generator* generator) {
  return shim::guarded<at::Tensor*>(nullptr, [&]() -> at::Tensor* {
    std::lock_guard<std::mutex> lock(generator->mutex());
    return shim::to_handle(generator->get_state());
  });
}

SHIM_API int32_t torchshim_generator_set_state(at::Generator* generator, const at::Tensor* state) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    std::lock_guard<std::mutex> lock(generator->mutex());
    generator->set_state(*state);
    return 0;
  });
}

SHIM_API int32_t torchshim_cuda_available() {
  return shim::guarded<int32_t>(0, [&]() -> int32_t { return torch::cuda::is_available() ? 1 : 0; });
}

SHIM_API int32_t torchshim_cudnn_available() {
  return shim::guarded<int32_t>(0, [&]() -> int32_t { return torch::cuda::cudnn_is_available() ? 1 : 0; });
}

SHIM_API int32_t torchshim_cuda_count() {
  return shim::guarded<int32_t>(0, [&]() -> int32_t { return static_cast<int32_t>(torch::cuda::device_count()); });
}

SHIM_API int32_t torchshim_cuda_synchronize(int64_t device) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    torch::cuda::synchronize(device);
    return 0;
  });
}

SHIM_API int32_t torchshim_cuda_manual_seed(uint64_t seed, int32_t all) {
  return shim::guarded<int32_t>(-1, [&]() -> int32_t {
    all ? torch::cuda::manual_seed_all(seed) : torch::cuda::manual_seed(seed);
    return 0;
  });
}
