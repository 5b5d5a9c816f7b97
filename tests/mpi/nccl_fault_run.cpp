// Twenty sums with a deadline of two seconds, over the double of tests/fake_gpu, whose faults come by the
// environment: what nccl_faults_test.py looks at from outside. The argument is "fast" or "tree".
#include <string_view>
#include <vector>

#include "titrate/comm/nccl_exchange.hpp"
#include "titrate/comm/session.hpp"

int main(int, char** argv) {
  using namespace titrate::comm;
  const bool is_tree = std::string_view(argv[1]) == "tree";
  const Session session;
  return session.run("titrate", [&] {
    std::vector<float> data(1000, 1.0F);
    const Device device = choose_device(session.node_rank(), DeviceKind::cuda);
    const NcclExchanges exchanges =
        make_nccl_exchanges(session.world(), device, {.stream = nullptr, .timeout_seconds = 2});
    Exchange& exchange = is_tree ? *exchanges.tree : *exchanges.fast;
    for (int i = 0; i < 20; ++i) exchange.sum(data.data(), data.size());
    exchange.settle();
    return 0;
  });
}
