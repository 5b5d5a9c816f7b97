#include "titrate/comm/communicator.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>

#include "mpi_handle.hpp"
#include "titrate/core/error.hpp"

namespace titrate::comm {
namespace {

int checked_count(std::size_t bytes, const char* what) {
  if (bytes > kMaxMessageBytes) {
    throw Error({.code = ErrorCode::internal,
                 .where = what,
                 .what = "too long for one MPI message",
                 .expected = "at most " + std::to_string(kMaxMessageBytes) + " bytes",
                 .got = std::to_string(bytes)});
  }
  return static_cast<int>(bytes);
}

std::string take(MPI_Message& message, const MPI_Status& status) {
  int count = 0;
  check_mpi(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
  std::string text(static_cast<std::size_t>(count), '\0');
  check_mpi(MPI_Mrecv(text.data(), count, MPI_BYTE, &message, MPI_STATUS_IGNORE), "MPI_Mrecv");
  return text;
}

// The place of each rank's text in the gathered one.
struct Layout {
  std::vector<int> counts;
  std::vector<int> offsets;
  std::size_t total = 0;
};

Layout layout_of(std::size_t bytes, MPI_Comm communicator, int size) {
  // 64 bits, so that all ranks refuse a total that is too long, and none waits.
  const std::int64_t own = static_cast<std::int64_t>(bytes);
  std::vector<std::int64_t> all(static_cast<std::size_t>(size));
  check_mpi(MPI_Allgather(&own, 1, MPI_INT64_T, all.data(), 1, MPI_INT64_T, communicator), "MPI_Allgather");
  Layout layout;
  for (const std::int64_t count : all) {
    layout.offsets.push_back(checked_count(layout.total, "gather"));
    layout.total += static_cast<std::size_t>(count);
    checked_count(layout.total, "gather");
    layout.counts.push_back(static_cast<int>(count));
  }
  return layout;
}

std::vector<std::string> cut(const std::string& joined, const Layout& layout) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < layout.counts.size(); ++i) {
    parts.push_back(joined.substr(static_cast<std::size_t>(layout.offsets[i]),
                                  static_cast<std::size_t>(layout.counts[i])));
  }
  return parts;
}

}  // namespace

void check_mpi(int status, const char* call) {
  if (status == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> reason{};
  int length = 0;
  MPI_Error_string(status, reason.data(), &length);
  throw Error({.code = ErrorCode::failed,
               .where = call,
               .what = "MPI refused the call",
               .got = std::string(reason.data(), static_cast<std::size_t>(length))});
}

Communicator::Handle::Handle(MPI_Comm taken) : communicator(taken) {
  check_mpi(MPI_Comm_set_errhandler(communicator, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(communicator, &rank), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(communicator, &size), "MPI_Comm_size");
}

Communicator::Handle::~Handle() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0) MPI_Comm_free(&communicator);
}

Communicator duplicate_of(MPI_Comm communicator) {
  MPI_Comm copy = MPI_COMM_NULL;
  check_mpi(MPI_Comm_dup(communicator, &copy), "MPI_Comm_dup");
  return Communicator(std::make_unique<Communicator::Handle>(copy));
}

Communicator::Communicator(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Communicator::Communicator(Communicator&& other) noexcept = default;
Communicator& Communicator::operator=(Communicator&& other) noexcept = default;
Communicator::~Communicator() = default;

int Communicator::rank() const { return handle_->rank; }
int Communicator::size() const { return handle_->size; }

Communicator Communicator::duplicate() const { return duplicate_of(handle_->communicator); }

Communicator Communicator::split(int colour, int key) const {
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(handle_->communicator, colour, key, &part), "MPI_Comm_split");
  return Communicator(std::make_unique<Handle>(part));
}

Communicator Communicator::split_by_node() const {
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split_type(handle_->communicator, MPI_COMM_TYPE_SHARED, rank(), MPI_INFO_NULL, &part),
            "MPI_Comm_split_type");
  return Communicator(std::make_unique<Handle>(part));
}

void Communicator::barrier() const {
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Ibarrier(handle_->communicator, &request), "MPI_Ibarrier");
  for (int there = 0; there == 0;) {
    check_mpi(MPI_Test(&request, &there, MPI_STATUS_IGNORE), "MPI_Test");
    if (there == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

int Communicator::agree(int code) const {
  int largest = code;
  check_mpi(MPI_Allreduce(&code, &largest, 1, MPI_INT, MPI_MAX, handle_->communicator), "MPI_Allreduce");
  return largest;
}

void Communicator::sum(std::span<double> values) const {
  const int count = checked_count(values.size_bytes(), "sum") / static_cast<int>(sizeof(double));
  std::vector<double> all(values.size() * static_cast<std::size_t>(size()));
  check_mpi(
      MPI_Allgather(values.data(), count, MPI_DOUBLE, all.data(), count, MPI_DOUBLE, handle_->communicator),
      "MPI_Allgather");
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = all[i];
    for (std::size_t j = i + values.size(); j < all.size(); j += values.size()) values[i] += all[j];
  }
}

void Communicator::broadcast(std::span<std::byte> bytes, int root) const {
  const int count = checked_count(bytes.size(), "broadcast");
  check_mpi(MPI_Bcast(bytes.data(), count, MPI_BYTE, root, handle_->communicator), "MPI_Bcast");
}

std::string Communicator::broadcast(std::string_view text, int root) const {
  std::uint64_t length = text.size();
  check_mpi(MPI_Bcast(&length, 1, MPI_UINT64_T, root, handle_->communicator), "MPI_Bcast");
  std::string copy(rank() == root ? text : std::string_view());
  checked_count(length, "broadcast");
  copy.resize(length);
  broadcast(std::as_writable_bytes(std::span(copy)), root);
  return copy;
}

std::vector<std::string> Communicator::gather(std::string_view text, int root) const {
  const Layout layout = layout_of(text.size(), handle_->communicator, size());
  std::string joined(rank() == root ? layout.total : 0, '\0');
  check_mpi(MPI_Gatherv(text.data(), static_cast<int>(text.size()), MPI_BYTE, joined.data(),
                        layout.counts.data(), layout.offsets.data(), MPI_BYTE, root, handle_->communicator),
            "MPI_Gatherv");
  return rank() == root ? cut(joined, layout) : std::vector<std::string>();
}

std::vector<std::string> Communicator::all_gather(std::string_view text) const {
  const Layout layout = layout_of(text.size(), handle_->communicator, size());
  std::string joined(layout.total, '\0');
  check_mpi(MPI_Allgatherv(text.data(), static_cast<int>(text.size()), MPI_BYTE, joined.data(),
                           layout.counts.data(), layout.offsets.data(), MPI_BYTE, handle_->communicator),
            "MPI_Allgatherv");
  return cut(joined, layout);
}

void Communicator::send(int destination, int tag, std::string_view text) const {
  const int count = checked_count(text.size(), "send");
  check_mpi(MPI_Send(text.data(), count, MPI_BYTE, destination, tag, handle_->communicator), "MPI_Send");
}

std::string Communicator::receive(int source, int tag) const {
  MPI_Message message = MPI_MESSAGE_NULL;
  MPI_Status status;
  check_mpi(MPI_Mprobe(source, tag, handle_->communicator, &message, &status), "MPI_Mprobe");
  return take(message, status);
}

std::optional<Message> Communicator::poll(int tag) const {
  int there = 0;
  MPI_Message message = MPI_MESSAGE_NULL;
  MPI_Status status;
  check_mpi(MPI_Improbe(MPI_ANY_SOURCE, tag, handle_->communicator, &there, &message, &status),
            "MPI_Improbe");
  if (there == 0) return std::nullopt;
  return Message{.source = status.MPI_SOURCE, .text = take(message, status)};
}

}  // namespace titrate::comm
