#include "titrate/core/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace titrate {
namespace {

using Parts = std::vector<std::string>;

TEST(Text, NearestIsTheCandidateWithTheFewestEdits) {
  const Parts keys{"train.epochs", "train.batch_size", "data.size", "seed"};
  EXPECT_EQ(nearest("train.epoch", keys), "train.epochs");
  EXPECT_EQ(nearest("sede", keys), "seed");
  EXPECT_EQ(nearest("data.zise", keys), "data.size");
  EXPECT_EQ(nearest("seed", keys), "seed");
}

TEST(Text, NearestIsNothingFarAway) {
  EXPECT_EQ(nearest("momentum", Parts{"epochs", "seed"}), std::nullopt);
  EXPECT_EQ(nearest("seed", Parts{}), std::nullopt);
  // Two edits are always allowed; nine letters allow three, and not four.
  EXPECT_EQ(nearest("ab", Parts{"cd"}), "cd");
  EXPECT_EQ(nearest("ab", Parts{"cde"}), std::nullopt);
  EXPECT_EQ(nearest("abcdefghi", Parts{"abcdefxyz"}), "abcdefxyz");
  EXPECT_EQ(nearest("abcdefghi", Parts{"abcdewxyz"}), std::nullopt);
}

TEST(Text, DidYouMeanIsAHint) {
  EXPECT_EQ(did_you_mean("sede", Parts{"seed"}), "did you mean \"seed\"?");
  EXPECT_EQ(did_you_mean("momentum", Parts{"seed"}), "");
  EXPECT_EQ(did_you_mean("momentum", Parts{"seed"}, "known is seed"), "known is seed");
}

TEST(Text, ControlCharactersAreSeenAndShown) {
  EXPECT_TRUE(has_control("a\nb"));
  EXPECT_TRUE(has_control("\x7f"));
  EXPECT_FALSE(has_control("a\nb", "\n"));
  EXPECT_FALSE(has_control("größe"));
  EXPECT_EQ(find_bad_utf8("ab\xff"), 2u);
}

TEST(Text, PrintableIsOneLineOfUtf8) {
  EXPECT_EQ(printable("größe"), "größe");
  EXPECT_EQ(printable("a\nb\x7f"), "a?b?");
  EXPECT_EQ(printable("gr\xf6\xdf"), "gr??");
  EXPECT_EQ(printable(std::string(79, 'a') + "öb"), std::string(79, 'a') + "...");
  EXPECT_EQ(printable(std::string(80, 'a')), std::string(80, 'a'));
}

TEST(Text, SplitKeepsEmptyPartsButNotOfNothing) {
  EXPECT_EQ(split("a,b", ','), (Parts{"a", "b"}));
  EXPECT_EQ(split("a,,b", ','), (Parts{"a", "", "b"}));
  EXPECT_EQ(split(",a,", ','), (Parts{"", "a", ""}));
  EXPECT_EQ(split("a b", ','), Parts{"a b"});
  EXPECT_EQ(split("", ','), Parts{});
}

TEST(Text, TrimAndJoin) {
  EXPECT_EQ(trim(" \ta b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(join(Parts{"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(join(Parts{}, ", "), "");
}

TEST(Text, ParsesWholeNumbersOnly) {
  EXPECT_EQ(parse_double("0.25"), 0.25);
  EXPECT_EQ(parse_double("-1e-3"), -1e-3);
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_integer("9223372036854775807"), 9223372036854775807LL);
  for (const char* text : {"", " 1", "1 ", "1x", "1,5", "+1", "x", "-"}) {
    EXPECT_EQ(parse_double(text), std::nullopt) << text;
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_integer("1.0"), std::nullopt);
  EXPECT_EQ(parse_integer("9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse_double("1e999"), std::nullopt);
}

TEST(Text, ShortestReadsBackAsTheSame) {
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(3.0), "3");
  EXPECT_EQ(shortest(-0.5), "-0.5");
  for (const double value : {1.0 / 3.0, 1e-300, 123456789.125, -2.2250738585072014e-308}) {
    EXPECT_EQ(parse_double(shortest(value)), value);
    EXPECT_LT(shortest(value).size(), 32u);
  }
}

TEST(Text, FixedRounds) {
  EXPECT_EQ(fixed(0.98765, 4), "0.9877");
  EXPECT_EQ(fixed(2.0, 2), "2.00");
  EXPECT_EQ(fixed(-1.25, 1), "-1.2");  // exactly between: to even
  EXPECT_EQ(fixed(99.96, 1), "100.0");
  EXPECT_EQ(fixed(-0.004, 2), "0.00");
  EXPECT_EQ(fixed(1e300, 2).size(), 304u);
}

TEST(Text, CommasEveryThreeDigits) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(28188000), "28,188,000");
  EXPECT_EQ(with_commas(18446744073709551615ULL), "18,446,744,073,709,551,615");
}

TEST(Text, Utf8IsToldFromWhatLooksLikeIt) {
  for (const char* good : {"", "a", "ö", "€", "😀", "\xf4\x8f\xbf\xbf"}) EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                          "\xf4\x90\x80\x80", "\xff", "\xe2\x82", "\xc3(", "\xf5\x80\x80\x80"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
  EXPECT_EQ(utf8_length("ab"), 1u);
  EXPECT_EQ(utf8_length("\xe2\x82\xac"
                        "b"),
            3u);
  EXPECT_EQ(utf8_length("\xe2("), 0u);
}

TEST(Text, HexFloatsKeepEveryBit) {
  for (const double value : {0.0, -0.0, 0.1, 1e300, 5e-324, -std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(parse_hex_float(hex_float(value)), value);
    EXPECT_EQ(std::signbit(parse_hex_float(hex_float(value))), std::signbit(value));
  }
  EXPECT_EQ(hex_float(12), "0x1.8p+3");
  EXPECT_TRUE(std::isnan(parse_hex_float(hex_float(std::nan("")))));
  EXPECT_TRUE(std::isnan(parse_hex_float("")));
  EXPECT_TRUE(std::isnan(parse_hex_float("0x1p+3 ")));
}

TEST(Text, LinesAreCountedFromOne) {
  EXPECT_EQ(line_of("a\nb\n", 0), 1u);
  EXPECT_EQ(line_of("a\nb\n", 1), 1u);  // the end of a line is in it
  EXPECT_EQ(line_of("a\nb\n", 2), 2u);
  EXPECT_EQ(line_of("a\nb\n", 4), 3u);
}

TEST(Text, WordsOfAShell) {
  EXPECT_EQ(shell_word("runs/a-1.toml"), "runs/a-1.toml");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("it's [1, 2]"), "'it'\\''s [1, 2]'");
}

TEST(Text, RoughDurations) {
  EXPECT_EQ(in_megabytes(5'060'000), "5.1 MB");
  EXPECT_EQ(in_megabytes(206'400'000), "206 MB");
  EXPECT_EQ(in_megabytes(1'700'000'000), "1.7 GB");
  EXPECT_EQ(rough_duration(-1), "0 s");
  EXPECT_EQ(rough_duration(99.4), "99 s");
  EXPECT_EQ(rough_duration(99.6), "2 min");
  EXPECT_EQ(rough_duration(725), "12 min");
  EXPECT_EQ(rough_duration(12'000), "3 h 20 min");
  EXPECT_EQ(rough_duration(4'000'000), "1,111 h 6 min");
}

TEST(NumberRanges, JoinNeighbours) {
  EXPECT_EQ(number_ranges(std::vector<int>{}), "");
  EXPECT_EQ(number_ranges(std::vector<int>{4}), "4");
  EXPECT_EQ(number_ranges(std::vector<int>{0, 1, 2, 5, 7, 8}), "0-2,5,7-8");
}

}  // namespace
}  // namespace titrate
