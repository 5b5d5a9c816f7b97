// Hashes: SHA-256 for files, xxh3 for content and names, CRC-32C for journal lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace titrate {

std::string sha256_hex(std::span<const std::byte> bytes);  // 64 lower-case hex digits (OpenSSL)
std::uint64_t xxh3(std::span<const std::byte> bytes);      // XXH3_64bits, seed 0
std::uint64_t xxh3(std::string_view text);
std::uint32_t crc32c(std::string_view text);  // Castagnoli, as iSCSI: "123456789" gives e3069283

// `digits` lower-case hex digits, with leading zeros.
std::string hex(std::uint64_t value, int digits = 16);

}  // namespace titrate
