// What the command lines of both programs are refused for, in the same words.
#pragma once

#include <string>
#include <vector>

namespace titrate {

// Throws Error (usage), with the nearest, where the first word of a command line is no verb.
void check_verb(const std::string& program, const std::vector<std::string>& verbs, int argc,
                const char* const* argv);

// Throws the Error (usage) of options that do not fit; `verb` is the one that was given, or empty.
[[noreturn]] void refuse_options(const std::string& program, const std::string& verb,
                                 const std::string& what);

}  // namespace titrate
