// Twenty sums with a deadline of two seconds, over the double of tests/fake_gpu, whose faults come by the
// environment: what nccl_faults_test.py looks at from outside. The arguments are "fast" or "tree", and
// "throw" where rank 1 is to meet an error of its own afterwards.
#include <string_view>
#include <vector>

#include "titrate/comm/nccl_exchange.hpp"
#include "titrate/comm/session.hpp"

int main(int count, char** arguments) {
  using namespace titrate::comm;
  const bool is_tree = std::string_view(arguments[1]) == "tree";
  const bool throws = count > 2 && std::string_view(arguments[2]) == "throw";
  const Session session;
  return session.run("titrate", [&] {
    std::vector<float> data(1000, 1.0F);
    const Device device = choose_device(session.node_rank(), DeviceKind::cuda);
    const NcclExchanges exchanges =
        make_nccl_exchanges(session.world(), device, {.stream = nullptr, .timeout_seconds = 2});
    Exchange& exchange = is_tree ? *exchanges.tree : *exchanges.fast;
    for (int i = 0; i < 20; ++i) exchange.sum(data.data(), data.size());
    if (throws && session.world_rank() == 1) {
      throw titrate::Error({.code = titrate::ErrorCode::io, .where = "disk", .what = "is full"});
    }
    exchange.settle();
    return 0;
  });
}
