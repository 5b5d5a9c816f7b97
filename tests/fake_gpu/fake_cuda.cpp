#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "device_add.hpp"
#include "fake_gpu.hpp"

namespace {

using fake_gpu::misuse;
using fake_gpu::Range;

// What is true of an event from one record to the next.
struct Mark {
  std::mutex mutex{};
  std::condition_variable reached_now{};
  bool reached = false;

  void reach() {
    const std::lock_guard lock(mutex);
    reached = true;
    reached_now.notify_all();
  }

  void wait() {
    std::unique_lock lock(mutex);
    reached_now.wait(lock, [&] { return reached; });
  }

  bool is_reached() {
    const std::lock_guard lock(mutex);
    return reached;
  }
};

// Never freed, since threads of streams may outlive main.
struct Memory {
  std::mutex mutex{};
  std::map<std::byte*, std::size_t> allocations{};
  std::list<Range> in_use{};
};

Memory& memory() {
  static Memory* const the_memory = new Memory;
  return *the_memory;
}

std::vector<std::list<Range>::iterator> pin(const std::vector<Range>& ranges) {
  const std::lock_guard lock(memory().mutex);
  std::vector<std::list<Range>::iterator> pins;
  for (const Range& range : ranges) pins.push_back(memory().in_use.insert(memory().in_use.end(), range));
  return pins;
}

void unpin(const std::vector<std::list<Range>::iterator>& pins) {
  const std::lock_guard lock(memory().mutex);
  for (const auto& place : pins) memory().in_use.erase(place);
}

int gpu_count() {
  const char* const text = std::getenv("TITRATE_FAKE_GPUS");
  return text == nullptr ? 8 : std::atoi(text);
}

thread_local int current_device = 0;

}  // namespace

struct CUevent_st {
  std::mutex mutex{};
  std::shared_ptr<Mark> latest{};  // null: never recorded
};

struct CUstream_st {
  std::mutex mutex{};
  std::condition_variable changed{};
  std::deque<std::function<void()>> jobs{};
  bool is_closed = false;
  std::atomic<int> holds = 0;

  void push(std::function<void()> job) {
    if (holds > 0) misuse("a stream is used while NCCL still queues work on it (ncclInProgress)");
    const std::lock_guard lock(mutex);
    if (is_closed) misuse("a destroyed stream is used");
    jobs.push_back(std::move(job));
    changed.notify_all();
  }

  // Frees the stream once it is destroyed and empty.
  static void work(CUstream_st* stream) {
    while (true) {
      std::function<void()> job;
      {
        std::unique_lock lock(stream->mutex);
        stream->changed.wait(lock, [&] { return stream->is_closed || !stream->jobs.empty(); });
        if (stream->jobs.empty()) break;
        job = std::move(stream->jobs.front());
        stream->jobs.pop_front();
      }
      job();
    }
    delete stream;
  }
};

namespace fake_gpu {

void misuse(const std::string& what) {
  std::fprintf(stderr, "fake GPU: %s\n", what.c_str());
  std::fflush(nullptr);
  std::abort();
}

void enqueue(cudaStream_t stream, std::function<void()> work, std::vector<Range> uses) {
  if (stream == nullptr) return work();
  stream->push([work = std::move(work), pins = pin(uses)] {
    work();
    unpin(pins);
  });
}

void hold(cudaStream_t stream) {
  if (stream != nullptr) ++stream->holds;
}

void release(cudaStream_t stream) {
  if (stream != nullptr) --stream->holds;
}

}  // namespace fake_gpu

namespace titrate::comm {

cudaError_t add_on_device(float* sum, const float* other, std::size_t count, cudaStream_t stream) {
  const std::size_t bytes = count * sizeof(float);
  fake_gpu::enqueue(stream,
                    [=] {
                      for (std::size_t i = 0; i < count; ++i) sum[i] += other[i];
                    },
                    {{sum, bytes}, {other, bytes}});
  return cudaSuccess;
}

}  // namespace titrate::comm

extern "C" {

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    case cudaErrorNotReady:
      return "device not ready";
    default:
      return "fake GPU: another error";
  }
}

cudaError_t cudaGetLastError() { return cudaSuccess; }

cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }

cudaError_t cudaGetDeviceCount(int* count) {
  *count = gpu_count();
  return *count > 0 ? cudaSuccess : cudaErrorNoDevice;
}

cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= gpu_count()) return cudaErrorInvalidDevice;
  current_device = device;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device < 0 || device >= gpu_count()) return cudaErrorInvalidDevice;
  *properties = {};
  std::snprintf(properties->name, sizeof properties->name, "Fake GPU");
  properties->totalGlobalMem = std::size_t{1} << 34;
  properties->pciBusID = device + 1;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char* text, int length, int device) {
  if (device < 0 || device >= gpu_count()) return cudaErrorInvalidDevice;
  std::snprintf(text, static_cast<std::size_t>(length), "0000:%02X:00.0", device + 1);
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *free = *total = std::size_t{1} << 34;
  return cudaSuccess;
}

// Numbers that nobody wrote are NaN.
cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  std::byte* const block = static_cast<std::byte*>(std::malloc(std::max<std::size_t>(bytes, 1)));
  if (block == nullptr) return cudaErrorMemoryAllocation;
  std::memset(block, 0xFF, bytes);
  const std::lock_guard lock(memory().mutex);
  memory().allocations[block] = bytes;
  *pointer = block;
  return cudaSuccess;
}

// The real one would wait for the device, and for ever where a rank hangs.
cudaError_t cudaFree(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  std::byte* const begin = static_cast<std::byte*>(pointer);
  const std::lock_guard lock(memory().mutex);
  const auto found = memory().allocations.find(begin);
  if (found == memory().allocations.end()) misuse("cudaFree of memory that is not the device's");
  for (const Range& range : memory().in_use) {
    const std::byte* const used = static_cast<const std::byte*>(range.begin);
    if (used < begin + found->second && begin < used + range.bytes)
      misuse("cudaFree of memory that queued work uses");
  }
  memory().allocations.erase(found);
  std::free(pointer);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind,
                            cudaStream_t stream) {
  fake_gpu::enqueue(stream, [=] { std::memcpy(to, from, bytes); }, {{to, bytes}, {from, bytes}});
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind) {
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* argument) {
  fake_gpu::enqueue(stream, [=] { function(argument); }, {});
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new CUstream_st;
  std::thread(CUstream_st::work, *stream).detach();
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(stream->mutex);
  stream->is_closed = true;
  stream->changed.notify_all();
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (stream == nullptr) return cudaSuccess;
  const auto mark = std::make_shared<Mark>();
  stream->push([mark] { mark->reach(); });
  mark->wait();
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (stream == nullptr) return cudaSuccess;
  const std::lock_guard lock(event->mutex);
  if (event->latest) stream->push([mark = event->latest] { mark->wait(); });
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new CUevent_st;
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const auto mark = std::make_shared<Mark>();
  {
    const std::lock_guard lock(event->mutex);
    event->latest = mark;
  }
  fake_gpu::enqueue(stream, [mark] { mark->reach(); }, {});
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  const std::lock_guard lock(event->mutex);
  return !event->latest || event->latest->is_reached() ? cudaSuccess : cudaErrorNotReady;
}

}  // extern "C"
