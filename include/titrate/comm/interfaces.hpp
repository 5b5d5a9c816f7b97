// The network interfaces of this host, which MPI chooses from by itself.
#pragma once

#include <string>
#include <vector>

namespace titrate::comm {

struct Interface {
  std::string name{};     // "eth0"
  std::string address{};  // "10.0.0.7", "fd00::2"
};

// Interfaces that are up, one entry for each IPv4 or IPv6 address that is not link-local. Empty where the
// system does not say.
std::vector<Interface> interfaces();

bool is_loopback(const Interface& interface);

// Whether its name is that of a bridge or a virtual cable of a container engine, libvirt or a cluster's pod
// network. Such an interface leads to containers at best, and has the same address on many hosts.
bool is_for_containers(const Interface& interface);

}  // namespace titrate::comm
