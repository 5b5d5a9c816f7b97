#include "titrate/comm/agreement.hpp"

#include <optional>
#include <string>
#include <vector>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::comm {
namespace {

std::optional<ErrorInfo> error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (...) {
    return describe(std::current_exception());
  }
  return std::nullopt;
}

std::string pack(const ErrorInfo& info) {
  const std::vector<std::string> fields{
      std::to_string(static_cast<int>(info.code)), info.where, info.what, info.expected, info.got, info.hint};
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
  const std::optional<ErrorInfo> own = error_of(body);
  // The lowest failing rank is the largest of size - rank; 0 says that none failed.
  const int lowest = group.size() - group.agree(own ? group.size() - group.rank() : 0);
  if (lowest == group.size()) return;
  throw AgreedError(unpack(group.broadcast(own ? pack(*own) : "", lowest)), group.size());
}

}  // namespace titrate::comm
