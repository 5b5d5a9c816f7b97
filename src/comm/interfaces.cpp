#include "titrate/comm/interfaces.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

namespace titrate::comm {
namespace {

struct Free {
  void operator()(ifaddrs* list) const noexcept { ::freeifaddrs(list); }
};

// Empty for other families, and for IPv6's link-local addresses, which every interface has.
std::string address_of(const sockaddr* socket) {
  if (socket == nullptr) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* address = nullptr;
  if (socket->sa_family == AF_INET) {
    address = &reinterpret_cast<const sockaddr_in*>(socket)->sin_addr;
  } else if (socket->sa_family == AF_INET6) {
    const in6_addr& six = reinterpret_cast<const sockaddr_in6*>(socket)->sin6_addr;
    if (!IN6_IS_ADDR_LINKLOCAL(&six)) address = &six;
  }
  if (address == nullptr || ::inet_ntop(socket->sa_family, address, text.data(), text.size()) == nullptr)
    return "";
  return text.data();
}

}  // namespace

std::vector<Interface> interfaces() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, Free> list(first);
  std::vector<Interface> found;
  for (const ifaddrs* entry = list.get(); entry != nullptr; entry = entry->ifa_next) {
    const std::string address = address_of(entry->ifa_addr);
    if ((entry->ifa_flags & IFF_UP) != 0 && !address.empty()) {
      found.push_back({.name = entry->ifa_name, .address = address});
    }
  }
  return found;
}

bool is_loopback(const Interface& interface) {
  return interface.address.starts_with("127.") || interface.address == "::1";
}

bool is_for_containers(const Interface& interface) {
  constexpr std::array<std::string_view, 10> kBeginnings{"docker", "br-",    "virbr", "cni",   "flannel",
                                                         "cali",   "podman", "lxcbr", "lxdbr", "weave"};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view beginning) { return interface.name.starts_with(beginning); });
}

}  // namespace titrate::comm
