// Ends as its argument says, for session_exit_test.sh: how a failing session looks from outside.
#include <stdexcept>
#include <string>

#include "titrate/comm/agreement.hpp"
#include "titrate/comm/session.hpp"

int main(int, char** argv) {
  using titrate::Error;
  using titrate::ErrorCode;
  const std::string mode = argv[1];
  const titrate::comm::Session session;
  const auto everywhere = [&] {
    titrate::comm::together(session.world(), [&] {
      if (session.world_rank() != session.world_size() - 1) return;
      throw Error({.code = ErrorCode::integrity, .where = "shard", .what = "is damaged"});
    });
    return 0;
  };
  const auto alone = [&] {
    if (session.world_rank() == session.world_size() - 1) {
      throw Error({.code = ErrorCode::io, .where = "disk", .what = "is full"});
    }
    session.world().barrier();  // for ever, unless the failing rank ends it
    return 0;
  };
  if (mode == "everywhere") return session.run("titrate", everywhere);
  if (mode == "alone") return session.run("titrate", alone);
  if (mode == "abort") {
    try {
      const auto failing = [] { throw std::logic_error("a bug"); };
      if (session.world_rank() == 0) failing();
    } catch (const std::logic_error&) {
      session.abort(static_cast<int>(ErrorCode::no_progress));
    }
    session.world().barrier();
  }
  return session.run("titrate", [] { return 0; });
}
