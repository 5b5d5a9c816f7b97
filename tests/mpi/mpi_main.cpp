#include "mpi_main.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace titrate::comm {
namespace {

const Session* the_session = nullptr;
constexpr int kSkipped = 77;  // which CTest takes for a test that was skipped

class FailuresOnly : public testing::EmptyTestEventListener {
  // Kept, because GoogleTest holds its lock while it reports a failure.
  void OnTestStart(const testing::TestInfo& test) override {
    test_ = std::string(test.test_suite_name()) + "." + test.name();
  }

  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "[rank %d of %d] %s:%d: in %s\n%s\n", session().world_rank(), session().world_size(),
                 result.file_name() == nullptr ? "?" : result.file_name(), result.line_number(),
                 test_.c_str(), result.message());
  }

  std::string test_ = "no test";
};

}  // namespace

const Session& session() { return *the_session; }

}  // namespace titrate::comm

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const titrate::comm::Session session;
  titrate::comm::the_session = &session;
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  if (session.world_rank() != 0) {
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new titrate::comm::FailuresOnly);
  }
  const int failed = session.world().agree(RUN_ALL_TESTS());
  if (failed != 0) return failed;
  const testing::UnitTest& tests = *testing::UnitTest::GetInstance();
  const bool skipped =
      tests.test_to_run_count() > 0 && tests.skipped_test_count() == tests.test_to_run_count();
  return session.world().agree(skipped ? 0 : 1) == 0 ? titrate::comm::kSkipped : 0;
}
