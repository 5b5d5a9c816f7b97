#include "texture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace titrate::draw {
namespace {

constexpr std::uint32_t kTile = 64;

constexpr std::array<float, kTile * kTile> make_tile() {
  std::array<float, kTile * kTile> tile{};
  for (std::uint32_t i = 0; i < tile.size(); ++i) {
    std::uint32_t h = (i + 1) * 0x9E3779B9u;
    h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
    h = (h ^ (h >> 13)) * 0xC2B2AE35u;
    tile[i] = static_cast<float>((h ^ (h >> 16)) >> 8) * 0x1p-24f;
  }
  return tile;
}

constexpr std::array<float, kTile* kTile> kNoise = make_tile();

float tile_at(std::uint32_t x, std::uint32_t y) { return kNoise[(y % kTile) * kTile + x % kTile]; }

float unit(float v) { return std::min(std::max(v, 0.0f), 1.0f); }
float fade(float v) { return v * v * (3.0f - 2.0f * v); }

// Which cell of the unit grid, and where in it from -1 to 1.
struct Cell {
  std::uint32_t index = 0;
  float at = 0.0f;
};

Cell cell_of(float v) {
  const auto index = static_cast<std::int32_t>(v);
  return {static_cast<std::uint32_t>(index), 2.0f * (v - static_cast<float>(index)) - 1.0f};
}

// Inside this file a function that compilers may inline, which they may not where another could take its
// place.
float smooth_noise(float x, float y) {
  const auto whole_x = static_cast<std::int32_t>(x), whole_y = static_cast<std::int32_t>(y);
  const float u = fade(x - static_cast<float>(whole_x)), v = fade(y - static_cast<float>(whole_y));
  const auto left = static_cast<std::uint32_t>(whole_x), top = static_cast<std::uint32_t>(whole_y);
  const float a = tile_at(left, top), b = tile_at(left + 1, top);
  const float c = tile_at(left, top + 1), d = tile_at(left + 1, top + 1);
  const float upper = a + u * (b - a), lower = c + u * (d - c);
  return upper + v * (lower - upper);
}

// Noise upon noise of twice the frequency and half the height; 0 to 1.
float layered_noise(float x, float y) {
  const float sum = smooth_noise(x, y) + 0.5f * smooth_noise(2.0f * x + 17.0f, 2.0f * y + 5.0f) +
                    0.25f * smooth_noise(4.0f * x + 3.0f, 4.0f * y + 29.0f);
  return sum / 1.75f;
}

// From pixels to the plane of a texture: turned any way, its origin anywhere and far enough from 0 that no
// coordinate is negative.
struct Frame {
  float step_x = 0.0f, step_y = 0.0f;  // for one pixel to the right; one down is (-step_y, step_x)
  float x0 = 0.0f, y0 = 0.0f;
};

Frame draw_frame(std::uint32_t size, double features, bool upright, RandomStream& stream) {
  const double t = upright ? 0.12 * stream.normal() : stream.uniform(-1.0, 1.0), norm = 1.0 + t * t;
  const double step = features / size;
  const auto origin = [&] { return static_cast<float>(stream.uniform(256.0, 320.0)); };
  Frame frame{static_cast<float>(step * (1.0 - t * t) / norm), static_cast<float>(step * 2.0 * t / norm), 0,
              0};
  frame.x0 = origin();
  frame.y0 = origin();
  return frame;
}

template <class Tone>
std::vector<float> paint(std::uint32_t size, const Frame& frame, const Tone& tone) {
  std::vector<float> tones(std::size_t{size} * size);
  for (std::uint32_t y = 0; y < size; ++y) {
    const float down = static_cast<float>(y) + 0.5f;
    for (std::uint32_t x = 0; x < size; ++x) {
      const float right = static_cast<float>(x) + 0.5f;
      tones[std::size_t{y} * size + x] = unit(tone(frame.x0 + frame.step_x * right - frame.step_y * down,
                                                   frame.y0 + frame.step_y * right + frame.step_x * down));
    }
  }
  return tones;
}

float stone(float x, float y) { return 1.9f * layered_noise(x, y) - 0.45f; }

float veins(float x, float y) {
  const float noise = layered_noise(x, y), ridge = 1.0f - std::abs(4.0f * noise - 2.0f);
  return 0.5f * noise + (ridge > 0.0f ? 0.7f * ridge * ridge * ridge : 0.0f);
}

float blotches(float x, float y) {
  const float level = 4.0f * layered_noise(x, y) - 0.6f;  // four tones with narrow seams
  const Cell cell = cell_of(std::max(level, 0.0f));
  return (static_cast<float>(cell.index) + fade(unit(3.0f * cell.at - 1.0f))) / 3.0f;
}

float wood(float x, float y) {
  const Cell ring = cell_of(x + 2.5f * smooth_noise(0.35f * x, 0.11f * y));
  return 0.65f * ring.at * ring.at + 0.35f * smooth_noise(9.0f * x, 0.8f * y);
}

float weave(float x, float y) {
  const Cell a = cell_of(x), b = cell_of(y);
  const bool over = ((a.index + b.index) & 1) != 0;
  const float across = over ? a.at : b.at, along = over ? b.at : a.at;
  const float thread = over ? tile_at(a.index, 7) : tile_at(b.index, 23);
  return (1.0f - 0.7f * across * across) * (0.75f - 0.25f * along * along) + 0.3f * thread;
}

float checks(float x, float y) {
  const Cell a = cell_of(x), b = cell_of(y);
  const float dark = ((a.index + b.index) & 1) != 0 ? 0.85f : 0.0f;
  return dark + 0.15f * smooth_noise(3.0f * x, 3.0f * y);
}

float bricks(float x, float y) {
  const Cell row = cell_of(y), brick = cell_of(0.5f * x + ((row.index & 1) != 0 ? 0.5f : 0.0f));
  const float joint = std::max(std::abs(row.at) - 0.84f, 2.0f * std::abs(brick.at) - 1.84f);
  const float tone = 0.3f + 0.5f * tile_at(brick.index, row.index) + 0.2f * smooth_noise(4.0f * x, 4.0f * y);
  return joint > 0.0f ? 0.05f : tone;
}

float stripes(float x, float y) {
  const float wave = std::abs(cell_of(x + 0.25f * smooth_noise(0.5f * x, 0.5f * y)).at);
  return fade(unit(4.0f * wave - 1.5f));
}

float speckles(float x, float y) {
  const Cell a = cell_of(x), b = cell_of(y);
  // Each cell has a dot inside it, or a tone as the ground has.
  const float radius = 0.25f + 0.4f * tile_at(a.index, b.index);
  const float right = a.at - (1.0f - radius) * (2.0f * tile_at(a.index + 31, b.index) - 1.0f);
  const float down = b.at - (1.0f - radius) * (2.0f * tile_at(a.index, b.index + 31) - 1.0f);
  const float inside = unit(4.0f * (1.0f - (right * right + down * down) / (radius * radius)));
  const float ground = 0.25f * smooth_noise(0.7f * x, 0.7f * y);
  return ground + inside * (tile_at(a.index + 13, b.index + 13) - ground);
}

}  // namespace

float value_noise(float x, float y) { return smooth_noise(x, y); }

std::vector<float> draw_texture(std::uint32_t size, RandomStream stream) {
  const std::uint32_t kind = stream.below(10);
  // How many features side by side, from few to many; whether what has an up and a down keeps it.
  const auto frame = [&](double few, double many, bool upright) {
    return draw_frame(size, stream.uniform(few, many), upright, stream);
  };
  switch (kind) {
    case 0:
      return paint(size, frame(3.0, 9.0, false), stone);
    case 1:
      return paint(size, frame(2.0, 5.0, false), veins);
    case 2:
      return paint(size, frame(2.0, 6.0, false), blotches);
    case 3:
      return paint(size, frame(3.0, 8.0, false), wood);
    case 4:
      return paint(size, frame(8.0, 18.0, false), weave);
    case 5:
      return paint(size, frame(3.0, 9.0, false), checks);
    case 6:
      return paint(size, frame(4.0, 9.0, true), bricks);
    case 7:
      return paint(size, frame(3.0, 10.0, false), stripes);
    case 8:
      return paint(size, frame(5.0, 14.0, false), speckles);
    default:
      break;
  }
  // A plain surface: little more than a gradient.
  const Frame plain = frame(0.6, 1.2, false);
  return paint(size, plain, [&](float x, float y) {
    return 0.25f + 0.8f * std::abs(x - plain.x0) + 0.3f * (smooth_noise(3.0f * x, 3.0f * y) - 0.5f);
  });
}

}  // namespace titrate::draw
