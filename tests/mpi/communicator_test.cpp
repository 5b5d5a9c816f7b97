#include "titrate/comm/communicator.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <stdexcept>
#include <thread>

#include "mpi_main.hpp"
#include "titrate/comm/agreement.hpp"

namespace titrate::comm {
namespace {

const Communicator& world() { return session().world(); }

TEST(Session, KnowsItsRanks) {
  EXPECT_GE(session().world_rank(), 0);
  EXPECT_LT(session().world_rank(), session().world_size());
  EXPECT_LE(session().node_size(), session().world_size());
  EXPECT_LE(session().node_rank(), session().world_rank());
  EXPECT_NE(library_version(), "");
  EXPECT_EQ(library_version().find('\n'), std::string::npos);
}

TEST(Session, IsMadeOnce) { EXPECT_THROW(Session(), Error); }

TEST(Communicator, SplitsByColourInOrderOfKey) {
  const Communicator part = world().split(world().rank() % 2, -world().rank());
  const int expected = (world().size() + 1 - world().rank() % 2) / 2;
  EXPECT_EQ(part.size(), expected);
  EXPECT_EQ(part.rank(), expected - 1 - world().rank() / 2);
}

TEST(Communicator, KeepsMessagesOfACopyApart) {
  const Communicator copy = world().duplicate();
  const int next = (world().rank() + 1) % world().size();
  const int previous = (world().rank() + world().size() - 1) % world().size();
  world().send(next, 1, "of the world");
  copy.send(next, 1, "of the copy");
  EXPECT_EQ(copy.receive(previous, 1), "of the copy");
  EXPECT_EQ(world().receive(previous, 1), "of the world");
}

TEST(Communicator, AgreesOnTheLargest) {
  EXPECT_EQ(world().agree(10 * world().rank()), 10 * (world().size() - 1));
  EXPECT_EQ(world().agree(-1), -1);
}

TEST(Communicator, AddsDoublesInTheOrderOfRanks) {
  const auto value = [](int rank) { return rank == 0 ? 1e16 : 1.0 + rank / 3.0; };
  double expected = value(0);
  for (int rank = 1; rank < world().size(); ++rank) expected += value(rank);

  std::vector<double> values{value(world().rank()), static_cast<double>(world().rank()), 0.5};
  world().sum(values);
  const double size = world().size();
  EXPECT_EQ(values, (std::vector<double>{expected, size * (size - 1) / 2, size / 2}));
  world().sum({});
}

TEST(Communicator, BroadcastsTextOfAnyRoot) {
  for (int root = 0; root < world().size(); ++root) {
    const std::string text = "from " + std::to_string(root) + std::string(1, '\0') + "!";
    EXPECT_EQ(world().broadcast(world().rank() == root ? text : "something else", root), text);
  }
  EXPECT_EQ(world().broadcast("", 0), "");
}

std::string text_of(int rank) { return std::string(static_cast<std::size_t>(rank * rank), 'a' + rank % 26); }

TEST(Communicator, GathersTextsOfDifferentLength) {
  const int root = world().size() - 1;
  const std::vector<std::string> gathered = world().gather(text_of(world().rank()), root);
  const std::vector<std::string> everywhere = world().all_gather(text_of(world().rank()));
  EXPECT_EQ(gathered.size(), world().rank() == root ? static_cast<std::size_t>(world().size()) : 0U);
  ASSERT_EQ(everywhere.size(), static_cast<std::size_t>(world().size()));
  for (std::size_t i = 0; i < gathered.size(); ++i) EXPECT_EQ(gathered[i], text_of(static_cast<int>(i)));
  for (std::size_t i = 0; i < everywhere.size(); ++i) EXPECT_EQ(everywhere[i], text_of(static_cast<int>(i)));
}

TEST(Communicator, RefusesWhatMpiCannotCount) {
  // Never read: the length alone is refused.
  const std::string_view long_text("", kMaxMessageBytes + 1);
  try {
    world().send(world().rank(), 1, long_text);
    FAIL() << "it was sent";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::internal);
    EXPECT_NE(std::string(error.what()).find("2147483648"), std::string::npos) << error.what();
  }
  EXPECT_THROW(world().broadcast(long_text, world().size()), Error);
}

TEST(Communicator, TurnsWhatMpiRefusesIntoAnError) {
  try {
    world().send(world().size(), 1, "to nobody");
    FAIL() << "it was sent";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::failed);
    EXPECT_NE(std::string(error.what()).find("invalid rank"), std::string::npos) << error.what();
  }
}

// As the dispatcher works: a thread of rank 0 answers all ranks, its own main thread among them.
TEST(Communicator, LetsAThreadServeAllRanks) {
  constexpr int kRequest = 1;
  constexpr int kReply = 2;
  constexpr int kRequests = 200;
  std::thread server;
  if (world().rank() == 0) {
    server = std::thread([] {
      for (int served = 0; served < kRequests * world().size();) {
        if (const std::optional<Message> request = world().poll(kRequest)) {
          world().send(request->source, kReply, request->text + " for " + std::to_string(request->source));
          ++served;
        } else {
          std::this_thread::sleep_for(std::chrono::microseconds(100));
        }
      }
    });
  }
  for (int i = 0; i < kRequests; ++i) {
    world().send(0, kRequest, std::to_string(i));
    EXPECT_EQ(world().receive(0, kReply), std::to_string(i) + " for " + std::to_string(world().rank()));
  }
  if (server.joinable()) server.join();
  EXPECT_FALSE(world().poll(kRequest).has_value());
}

TEST(Together, ThrowsTheLowestRanksErrorEverywhere) {
  const int last = world().size() - 1;
  try {
    together(world(), [&] {
      if (world().rank() < last / 2) return;
      throw Error({.code = ErrorCode::integrity,
                   .where = "shard " + std::to_string(world().rank()),
                   .what = "a bit was flipped",
                   .got = "",
                   .hint = "copy it again"});
    });
    FAIL() << "it did not throw";
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.code(), ErrorCode::integrity);
    EXPECT_EQ(std::string(error.what()),
              "shard " + std::to_string(last / 2) + ": a bit was flipped; copy it again");
    EXPECT_EQ(error.ranks(), world().size());
  }
}

TEST(Together, PrefersTheReasonToItsEcho) {
  const auto said_where = [](int rank_that_knows) {
    try {
      together(world(), [&] {
        if (world().rank() == rank_that_knows)
          throw Error({.where = "reason", .what = "a fault\nand its stack"});
        throw PeerFailure({.where = "rank " + std::to_string(world().rank()), .what = "another one failed"});
      });
    } catch (const AgreedError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (int rank = 0; rank < world().size(); ++rank) EXPECT_EQ(said_where(rank), "reason: a fault");
  EXPECT_EQ(said_where(-1), "rank 0: another one failed");
}

TEST(Together, KnowsOtherExceptions) {
  const auto code_of = [](const std::function<void()>& body) {
    try {
      together(world(), body);
    } catch (const AgreedError& error) {
      return error.code();
    }
    return ErrorCode::usage;
  };
  EXPECT_EQ(code_of([] { throw std::bad_alloc(); }), ErrorCode::failed);
  EXPECT_EQ(code_of([] { throw std::logic_error("a bug"); }), ErrorCode::internal);
  EXPECT_NO_THROW(together(world(), [] {}));
}

}  // namespace
}  // namespace titrate::comm
