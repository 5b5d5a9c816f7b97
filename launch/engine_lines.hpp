// Which engine trains the networks of a study, for titrate networks.
#pragma once

#include <span>
#include <string>

#include "titrate/net/network.hpp"
#include "titrate/study/study.hpp"

namespace titrate {

// A line for each engine: "engine torch: takes it", or why it does not. The trials have this network, and may
// differ in all else. "engines: not built" where titrate was built without what trains.
std::string engine_lines(const net::Network& network, std::span<const study::Trial> trials);

}  // namespace titrate
