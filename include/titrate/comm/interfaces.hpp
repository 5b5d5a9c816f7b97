// The network interfaces of this host, which MPI chooses from by itself.
#pragma once

#include <string>
#include <vector>

namespace titrate::comm {

struct Interface {
  std::string name{};     // "eth0"
  std::string address{};  // "10.0.0.7", "fd00::2"
};

// Those that are up, with each of their IPv4 and IPv6 addresses but link-local ones; none where the system
// does not say.
std::vector<Interface> interfaces();

bool is_loopback(const Interface& interface);

// By its name: a bridge or a cable's end that a container engine, libvirt or a cluster's pod network made. It
// leads to other hosts' containers at best, and has the same address on many hosts.
bool is_for_containers(const Interface& interface);

}  // namespace titrate::comm
