// CUDA graphs for worker/Native/CudaGraphs.cs: a C boundary over libtorch's CUDAGraph. Every function that can fail returns a negative number (or a null pointer) and leaves its
// message in graphs_last_error(), per thread. What is recorded is whatever operators the calling thread calls between graphs_begin and graphs_end.

#include <ATen/Tensor.h>

// Before CUDAGraph.h, since in older versions its layout depends on CUDA_VERSION; behind Tensor.h, which would ask for more of the toolkit.
#include <cuda.h>

#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/Event.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/cuda.h>

#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#define GRAPHS_API extern "C" __attribute__((visibility("default")))

using at::cuda::CUDAGraph;
using c10::cuda::CUDAStream;

namespace {

thread_local std::string last_error;

// Runs body; on an exception keeps its message and returns `failed`.
template <typename Result, typename Body>
Result guarded(Result failed, Body&& body) {
  try {
    return body();
  } catch (const c10::Error& error) {
    last_error = error.what_without_backtrace();
  } catch (const std::exception& error) {
    last_error = error.what();
  } catch (...) {
    last_error = "an exception of an unknown kind came out of libtorch";
  }
  return failed;
}

// The default stream cannot be recorded. One stream for all recorders of a device: cuBLAS keeps a workspace for every stream that it was used on.
CUDAStream recording_stream(c10::DeviceIndex device) {
  static std::mutex mutex;
  static std::map<c10::DeviceIndex, CUDAStream> streams;
  std::lock_guard<std::mutex> lock(mutex);
  auto found = streams.find(device);
  if (found == streams.end()) {
    found = streams.emplace(device, c10::cuda::getStreamFromPool(false, device)).first;
  }
  return found->second;
}

// What `later` is asked from here on waits for what `earlier` was asked before.
void order(const CUDAStream& earlier, const CUDAStream& later) {
  c10::Event event(c10::DeviceType::CUDA);
  event.record(earlier.unwrap());
  event.block(later.unwrap());
}

}  // namespace

struct Recorder {
  explicit Recorder(CUDAStream outer)
      : outer(outer), stream(recording_stream(outer.device_index())), pool(at::cuda::graph_pool_handle()) {}

  CUDAStream outer;   // the current stream outside of graphs_enter and graphs_leave
  CUDAStream stream;  // the current one between them
  decltype(at::cuda::graph_pool_handle()) pool;  // memory that all graphs of the recorder share, which is why one must not run beside another
};

GRAPHS_API const char* graphs_last_error() {
  return last_error.c_str();
}

/// A recorder on the current device, which `device` must be, or -1.
GRAPHS_API Recorder* graphs_open(int32_t device) {
  return guarded<Recorder*>(nullptr, [&]() -> Recorder* {
    auto current = c10::cuda::getCurrentCUDAStream();
    TORCH_CHECK(device < 0 || device == current.device_index(), "graphs are recorded on the current device only, which is ", static_cast<int>(current.device_index()));
    return new Recorder(current);
  });
}

/// Its graphs must have been freed.
GRAPHS_API void graphs_close(Recorder* recorder) {
  delete recorder;
}

/// From here to graphs_leave the calling thread's operators run on the recorder's stream, behind what was asked before.
GRAPHS_API int32_t graphs_enter(Recorder* recorder) {
  return guarded<int32_t>(-1, [&]() -> int32_t {
    recorder->outer = c10::cuda::getCurrentCUDAStream();
    order(recorder->outer, recorder->stream);
    c10::cuda::setCurrentCUDAStream(recorder->stream);
    return 0;
  });
}

GRAPHS_API int32_t graphs_leave(Recorder* recorder) {
  return guarded<int32_t>(-1, [&]() -> int32_t {
    c10::cuda::setCurrentCUDAStream(recorder->outer);
    order(recorder->stream, recorder->outer);
    return 0;
  });
}

/// Begins to record, between graphs_enter and graphs_leave. Nothing runs until the graph is replayed.
GRAPHS_API CUDAGraph* graphs_begin(Recorder* recorder) {
  return guarded<CUDAGraph*>(nullptr, [&]() -> CUDAGraph* {
    auto graph = std::make_unique<CUDAGraph>();
    graph->capture_begin(recorder->pool);
    return graph.release();
  });
}

/// Ends recording and makes the graph ready. A graph for which this fails can only be freed.
GRAPHS_API int32_t graphs_end(CUDAGraph* graph) {
  return guarded<int32_t>(-1, [&]() -> int32_t {
    graph->capture_end();
    return 0;
  });
}

/// Runs the graph on the current stream: behind what was asked of that stream before, and before what it is asked from here on.
GRAPHS_API int32_t graphs_replay(CUDAGraph* graph) {
  return guarded<int32_t>(-1, [&]() -> int32_t {
    graph->replay();
    return 0;
  });
}

/// Waits for the device first: a graph that runs must not be freed.
GRAPHS_API void graphs_free(CUDAGraph* graph) {
  guarded<int32_t>(-1, [&]() -> int32_t {
    torch::cuda::synchronize();
    return 0;
  });
  guarded<int32_t>(-1, [&]() -> int32_t {
    delete graph;
    return 0;
  });
}
