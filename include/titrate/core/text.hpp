// Small pure functions on text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace titrate {

// The candidate with the smallest edit distance to `word`, if that is at most a third of its length (and at
// least 2 edits are always allowed).
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

// The hint "did you mean \"nearest\"?"; `otherwise` where no candidate is near.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates,
                         const std::string& otherwise = "");

std::vector<std::string> split(std::string_view text,
                               char separator);  // "a,,b" gives three parts; "" gives none
std::string trim(std::string_view text);
std::string join(std::span<const std::string> parts, std::string_view separator);

// The bytes of the character that `text` begins with: 0 where that is not UTF-8, in its shortest form.
std::size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);
std::optional<std::size_t> find_bad_utf8(std::string_view text);  // the first byte that is not

// Whether there is a control character of ASCII, other than those of `allowed`.
bool has_control(std::string_view text, std::string_view allowed = "");

// Valid UTF-8 without control characters, and not longer than a line can take.
std::string printable(std::string_view text);

// Characters, not bytes, of UTF-8.
std::size_t width_of(std::string_view text);

// At most `characters` of `text`, the last ones dots where some were left out.
std::string shortened(const std::string& text, std::size_t characters);

// The line, from 1, that the byte at `place` is in.
std::size_t line_of(std::string_view text, std::size_t place);

// The whole of `text` as a number, or nothing: no trailing characters, no locale.
std::optional<double> parse_double(std::string_view text);
std::optional<long long> parse_integer(std::string_view text);

// The shortest decimal text that reads back as the same double: 0.1 is "0.1", 3 is "3".
std::string shortest(double value);

// "0x1.8p+3": every bit of a double, also of nan and inf, which JSON has no numbers for. Reading takes what
// writing gives, and gives nan for anything else.
std::string hex_float(double value);
double parse_hex_float(const std::string& text);

// Fixed digits after the point, C locale: fixed(0.98765, 4) is "0.9877". What is rounded to 0 has no sign.
std::string fixed(double value, int digits);

std::string in_megabytes(std::uint64_t bytes);  // "5.1 MB", "206 MB", "1.7 GB"
std::string rough_duration(double seconds);     // "45 s", "12 min", "3 h 20 min"

std::string counted(std::size_t count, const std::string& noun);  // "1 seed", "1,200 seeds"

std::string number_ranges(std::span<const int> numbers);  // ascending ones: "0-3,7"

std::string with_commas(unsigned long long value);  // 28188000 is "28,188,000"

// As a shell takes it for one word: in single quotes where it must be.
std::string shell_word(const std::string& text);

}  // namespace titrate
