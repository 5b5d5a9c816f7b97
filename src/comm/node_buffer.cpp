#include "titrate/comm/node_buffer.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>

#include "titrate/comm/agreement.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"

namespace titrate::comm {
namespace {

[[noreturn]] void fail(const char* what, std::size_t bytes, const std::string& got) {
  throw Error({.code = ErrorCode::io,
               .where = "node buffer",
               .what = what,
               .expected = std::to_string(bytes) + " bytes of free memory on this node",
               .got = got});
}

[[noreturn]] void fail(const char* what, std::size_t bytes, int error_number) {
  fail(what, bytes, system_message(error_number));
}

constexpr std::size_t kUnknown = static_cast<std::size_t>(-1);

std::size_t free_memory_of_the_machine() {
  std::ifstream meminfo("/proc/meminfo");
  std::string key;
  for (std::size_t kilobytes = 0; meminfo >> key; meminfo.ignore(256, '\n')) {
    if (key == "MemAvailable:" && meminfo >> kilobytes) return kilobytes * 1024;
  }
  return kUnknown;
}

// The rest of the memory limit of a control group (version 2), which Slurm and containers set.
std::size_t free_memory_of_the_group() {
  std::size_t limit = 0, used = 0;
  const bool limited = static_cast<bool>(std::ifstream("/sys/fs/cgroup/memory.max") >> limit) &&
                       static_cast<bool>(std::ifstream("/sys/fs/cgroup/memory.current") >> used);
  return limited ? limit - std::min(limit, used) : kUnknown;
}

// Asks before it allocates: the kernel kills a process rather than refuse a page.
void check_free_memory(std::size_t bytes) {
  const std::size_t available = std::min(free_memory_of_the_machine(), free_memory_of_the_group());
  if (bytes > available) fail("too little memory for the images", bytes, std::to_string(available));
}

std::byte* map(int descriptor, int flags, int protection, std::size_t bytes) {
  void* const address = ::mmap(nullptr, bytes, protection, flags, descriptor, 0);
  if (address == MAP_FAILED) fail("cannot map the images' memory", bytes, errno);
  return static_cast<std::byte*>(address);
}

FileDescriptor make_shared_memory(std::size_t bytes) {
  FileDescriptor memory(::memfd_create("titrate", MFD_CLOEXEC));
  if (memory.get() < 0) fail("cannot make shared memory", bytes, errno);
  // Reserves all pages now: one that is missing later is a SIGBUS.
  int status = 0;
  do {
    status = ::posix_fallocate(memory.get(), 0, static_cast<off_t>(bytes));
  } while (status == EINTR);
  if (status != 0) fail("too little memory for the images", bytes, status);
  return memory;
}

std::string path_of(const FileDescriptor& memory) {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(memory.get());
}

FileDescriptor open_shared_memory(const std::string& path) {
  FileDescriptor memory(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (memory.get() < 0) {
    throw Error({.code = ErrorCode::io,
                 .where = path,
                 .what = "cannot open the memory that another rank of this node shares",
                 .got = system_message(errno),
                 .hint = "run the ranks of a node as one user in one container"});
  }
  return memory;
}

}  // namespace

void NodeBuffer::Unmap::operator()(std::byte* data) const noexcept { ::munmap(data, bytes); }

NodeBuffer::NodeBuffer(const Communicator& node, std::size_t bytes) : node_(node), data_(nullptr, {bytes}) {
  const bool is_leader = node.rank() == 0;
  FileDescriptor memory;
  std::string path;
  together(node, [&] {
    if (!is_leader || bytes == 0) return;
    check_free_memory(bytes);
    if (node.size() == 1) {
      data_.reset(map(-1, MAP_PRIVATE | MAP_ANONYMOUS, PROT_READ | PROT_WRITE, bytes));
    } else {
      memory = make_shared_memory(bytes);
      path = path_of(memory);
      data_.reset(map(memory.get(), MAP_SHARED, PROT_READ | PROT_WRITE, bytes));
    }
  });
  if (node.size() == 1 || bytes == 0) return;
  path = node.broadcast(path, 0);
  together(node, [&] {
    if (!is_leader) data_.reset(map(open_shared_memory(path).get(), MAP_SHARED, PROT_READ, bytes));
  });
}

void NodeBuffer::fill(const std::function<void(std::span<std::byte>)>& write) {
  together(node_, [&] {
    if (node_.rank() != 0) return;
    const std::size_t bytes = this->bytes().size();
    write({data_.get(), bytes});
    if (bytes > 0 && ::mprotect(data_.get(), bytes, PROT_READ) != 0) {
      fail("cannot protect the images' memory", bytes, errno);
    }
  });
}

}  // namespace titrate::comm
