#include "titrate/comm/agreement.hpp"

#include <optional>
#include <string>
#include <vector>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::comm {
namespace {

struct Failure {
  ErrorInfo info{};
  bool knows_reason = true;
};

std::optional<Failure> failure_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const PeerFailure& error) {
    return Failure{.info = error.info(), .knows_reason = false};
  } catch (...) {
    Failure failure{.info = describe(std::current_exception())};
    failure.info.what =
        failure.info.what.substr(0, failure.info.what.find('\n'));  // LibTorch's goes on with a stack
    return failure;
  }
  return std::nullopt;
}

std::string pack(const ErrorInfo& info) {
  const std::vector<std::string> fields{
      std::to_string(exit_code(info.code)), info.where, info.what, info.expected, info.got, info.hint};
  return join(fields, std::string_view("\0", 1));
}

ErrorInfo unpack(const std::string& text) {
  const std::vector<std::string> fields = split(text, '\0');
  return {.code = static_cast<ErrorCode>(std::stoi(fields.at(0))),
          .where = fields.at(1),
          .what = fields.at(2),
          .expected = fields.at(3),
          .got = fields.at(4),
          .hint = fields.at(5)};
}

}  // namespace

void together(const Communicator& group, const std::function<void()>& body) {
  const std::optional<Failure> own = failure_of(body);
  // The lowest failing rank is the largest of size - rank, one that knows the reason is larger by size; 0
  // says that none failed.
  const int size = group.size();
  const int vote = !own ? 0 : size - group.rank() + (own->knows_reason ? size : 0);
  const int largest = group.agree(vote);
  if (largest == 0) return;
  const int lowest = (2 * size - largest) % size;
  throw AgreedError(unpack(group.broadcast(own ? pack(own->info) : "", lowest)), size);
}

}  // namespace titrate::comm
