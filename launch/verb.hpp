// What a verb leaves in main: the call that its options ask for, made after parsing.
#pragma once

#include <functional>

namespace titrate {

using Verb = std::function<int()>;  // returns the exit code

}  // namespace titrate
