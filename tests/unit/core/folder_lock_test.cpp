#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "support/temporary_folder.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/host.hpp"

namespace {
int flock_errno = 0;  // what flock fails with; 0: it works
}

// In place of the C library's: file systems without flock are not at hand.
extern "C" int flock(int descriptor, int operation) noexcept {
  if (flock_errno == 0) return static_cast<int>(::syscall(SYS_flock, descriptor, operation));
  errno = flock_errno;
  return -1;
}

namespace titrate {
namespace {

constexpr LockIntervals kQuick{.poll_seconds = 0.002, .beat_seconds = 0.002, .stale_seconds = 0.05};

class FolderLocks : public testing::Test {
 protected:
  ~FolderLocks() override { flock_errno = 0; }

  // The message of the refusal; empty if the lock was granted.
  std::string refusal(double wait_seconds = 0.0, const LockIntervals& intervals = {},
                      ErrorCode code = ErrorCode::in_use) const {
    try {
      const FolderLock lock(folder(), wait_seconds, intervals);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
  }

  // A lock file as a process on another host leaves it, last touched `age_seconds` ago.
  void write_foreign_holder(int age_seconds) const {
    std::ofstream(lock_file()) << "elsewhere 12 345\n";
    timespec times[2]{};
    ::clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= age_seconds;
    times[1] = times[0];
    ASSERT_EQ(::utimensat(AT_FDCWD, lock_file().c_str(), times, 0), 0);
  }

  timespec touched_at() const {
    struct stat status {};
    EXPECT_EQ(::stat(lock_file().c_str(), &status), 0);
    return status.st_mtim;
  }

  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path lock_file() const { return folder() / ".lock"; }

 private:
  TemporaryFolder folder_;
};

// A process that keeps a `Held` in `folder` until it is killed.
template <class Held>
class OtherProcess {
 public:
  explicit OtherProcess(const std::filesystem::path& folder) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("cannot make a pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      try {
        const Held held(folder);
        while (::write(ends[1], "x", 1) == 1) ::pause();
      } catch (const std::exception&) {
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), 1) << "the other process failed";
    ::close(ends[0]);
  }
  ~OtherProcess() {
    kill();
    ::waitpid(pid_, nullptr, 0);
  }

  void kill() const { ::kill(pid_, SIGKILL); }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(FolderLocks, RefuseASecondHolderByName) {
  const FolderLock lock(folder());
  const std::string holder = "process " + std::to_string(::getpid()) + " on " + host_name();
  EXPECT_TRUE(contains(refusal(), holder)) << refusal();
}

TEST_F(FolderLocks, AreFreeAfterTheirEnd) {
  { const FolderLock lock(folder()); }
  EXPECT_EQ(read_text(lock_file()), "");
  EXPECT_EQ(refusal(), "");
}

TEST_F(FolderLocks, RefuseAHolderWithoutAName) {
  const FileDescriptor file(::open(lock_file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  ASSERT_EQ(::flock(file.get(), LOCK_EX), 0);
  EXPECT_TRUE(contains(refusal(), "in use by another process")) << refusal();
}

TEST_F(FolderLocks, PassFromTheDead) {
  const OtherProcess<FolderLock> holder(folder());
  EXPECT_TRUE(contains(refusal(), "process " + std::to_string(holder.pid())));
  holder.kill();  // nobody has waited for it yet, so it is still in the process table
  EXPECT_EQ(refusal(10.0, kQuick), "");
}

TEST_F(FolderLocks, RefuseAHolderOnAnotherHostThatWasSeen) {
  write_foreign_holder(20);
  const std::string message = refusal();
  EXPECT_TRUE(contains(message, "process 12 on elsewhere, last seen 2")) << message;
  EXPECT_TRUE(contains(message, "or 30 s from")) << message;
  EXPECT_EQ(read_text(lock_file()), "elsewhere 12 345\n");
}

TEST_F(FolderLocks, PassFromAnotherHostThatFellSilent) {
  write_foreign_holder(31);
  EXPECT_EQ(refusal(), "");
  write_foreign_holder(0);
  EXPECT_EQ(refusal(10.0, kQuick), "") << "it fell silent during the wait";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder()), {}), 1) << "more than .lock is left";
}

TEST_F(FolderLocks, NeverPassWhileTheFlockIsHeld) {
  write_foreign_holder(1000);
  const FileDescriptor file(::open(lock_file().c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(file.get(), LOCK_EX), 0);
  EXPECT_TRUE(contains(refusal(), "last seen 10")) << refusal();
}

TEST_F(FolderLocks, AreTouchedWhileTheyLive) {
  const FolderLock lock(folder(), 0.0, kQuick);
  const timespec old[2]{{.tv_sec = 1000, .tv_nsec = 0}, {.tv_sec = 1000, .tv_nsec = 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, lock_file().c_str(), old, 0), 0);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (touched_at().tv_sec == 1000 && std::chrono::steady_clock::now() < deadline) ::usleep(1000);
  EXPECT_GT(touched_at().tv_sec, 1000);
}

TEST_F(FolderLocks, TellWhoHoldsTheFolderWithoutTouchingIt) {
  EXPECT_FALSE(find_holder(folder()));
  EXPECT_FALSE(std::filesystem::exists(lock_file()));
  {
    const FolderLock lock(folder());
    const auto holder = find_holder(folder());
    ASSERT_TRUE(holder);
    EXPECT_EQ(holder->host, host_name());
    EXPECT_EQ(holder->pid, ::getpid());
    EXPECT_TRUE(holder->lives);
  }
  EXPECT_FALSE(find_holder(folder())) << "it ended in peace";
  const OtherProcess<FolderLock> other(folder());
  other.kill();
  // It takes a moment to die.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (find_holder(folder())->lives && std::chrono::steady_clock::now() < deadline) ::usleep(1000);
  EXPECT_FALSE(find_holder(folder())->lives);
  write_foreign_holder(20);
  EXPECT_TRUE(find_holder(folder())->lives);
  write_foreign_holder(40);
  EXPECT_FALSE(find_holder(folder())->lives);
}

TEST_F(FolderLocks, LeaveTheNameOfWhoTookThemOver) {
  {
    const FolderLock lock(folder());
    write_foreign_holder(0);
  }
  EXPECT_EQ(read_text(lock_file()), "elsewhere 12 345\n");
}

TEST_F(FolderLocks, GoByNameAndTouchWithoutFlock) {
  for (const int error_number : {ENOLCK, ENOTSUP, ENOSYS, EINVAL}) {
    flock_errno = error_number;
    {
      const FolderLock lock(folder(), 0.0, kQuick);
      EXPECT_TRUE(contains(refusal(), "process " + std::to_string(::getpid()))) << error_number;
    }
    write_foreign_holder(20);
    EXPECT_TRUE(contains(refusal(), "process 12 on elsewhere, last seen 2")) << error_number;
    write_foreign_holder(31);
    EXPECT_EQ(refusal(0.0, {.poll_seconds = 0.002}), "") << error_number;
  }
}

TEST_F(FolderLocks, PassFromTheDeadWithoutFlock) {
  flock_errno = ENOLCK;
  const OtherProcess<FolderLock> holder(folder());
  EXPECT_TRUE(contains(refusal(), "process " + std::to_string(holder.pid())));
  holder.kill();
  EXPECT_EQ(refusal(10.0, kQuick), "");
}

TEST_F(FolderLocks, NameWhatElseFlockSays) {
  flock_errno = EIO;
  EXPECT_TRUE(contains(refusal(0.0, {}, ErrorCode::io), "cannot lock the file; got Input/output error"))
      << refusal(0.0, {}, ErrorCode::io);
}

TEST_F(FolderLocks, NameAFolderThatCannotBeWritten) {
  EXPECT_THROW(FolderLock("/proc/titrate"), Error);
  EXPECT_THROW(SharedFolderHold("/proc/titrate"), Error);
}

TEST_F(FolderLocks, WaitForTheRanksOfAnEarlierRun) {
  const OtherProcess<SharedFolderHold> rank(folder());
  const SharedFolderHold own(folder());  // shared: ranks do not wait for each other
  EXPECT_TRUE(contains(refusal(0.05, kQuick), "ranks of an earlier run are still alive"));
  EXPECT_TRUE(contains(refusal(), "ranks of an earlier run")) << "the refused one kept the lock";
}

TEST_F(FolderLocks, AreGrantedWhenTheLastRankIsGone) {
  const OtherProcess<SharedFolderHold> rank(folder());
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    rank.kill();
  });
  EXPECT_EQ(refusal(10.0, kQuick), "");
}

TEST_F(FolderLocks, IgnoreRanksWithoutFlock) {
  flock_errno = ENOLCK;
  const SharedFolderHold hold(folder());
  EXPECT_EQ(refusal(0.0, kQuick), "");
}

}  // namespace
}  // namespace titrate
