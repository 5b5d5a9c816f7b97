#include "glyph_outlines.hpp"

#include <array>

namespace titrate::draw {
namespace {

constexpr Knot start(std::int8_t x, std::int8_t y) { return {x, y, Join::start}; }
constexpr Knot corner(std::int8_t x, std::int8_t y) { return {x, y, Join::corner}; }

constexpr Knot kZeroRound[] = {start(34, 2), {12, 14}, {2, 50},  {12, 88}, {32, 98},
                               {53, 84},     {60, 48}, {50, 12}, {30, 1}};
constexpr Knot kZeroOverlap[] = {start(48, 8), {26, 2},  {7, 22},  {2, 58}, {16, 93},
                                 {40, 96},     {58, 68}, {56, 26}, {38, 5}, {22, 14}};
constexpr Knot kZeroOpen[] = {start(22, 6), {5, 30},  {3, 66},  {22, 97},
                              {46, 90},     {60, 54}, {54, 18}, {36, 2}};
constexpr Knot kZeroClockwise[] = {start(20, 8), {44, 2}, {60, 28}, {56, 74}, {34, 98},
                                   {10, 88},     {1, 54}, {8, 20},  {28, 3}};
constexpr Style kZero[] = {{4, kZeroRound}, {3, kZeroOverlap}, {1, kZeroOpen}, {1, kZeroClockwise}};

constexpr Knot kOneLine[] = {start(30, 0), {30, 50}, {30, 100}};
constexpr Knot kOneBow[] = {start(27, 0), {31, 34}, {30, 70}, {28, 100}};
constexpr Knot kOneFlag[] = {start(12, 22), {22, 13}, corner(32, 0), {32, 50}, {32, 100}};
constexpr Knot kOneFoot[] = {start(12, 20), {22, 12},       corner(32, 0), {32, 50},
                             {32, 100},     start(10, 100), {32, 99},      {54, 99}};
constexpr Style kOne[] = {{10, kOneLine}, {4, kOneBow}, {2, kOneFlag}, {1, kOneFoot}};

constexpr Knot kTwoFlat[] = {start(4, 22), {18, 4},       {42, 3},  {54, 24}, {42, 52},
                             {22, 78},     corner(3, 97), {34, 95}, {64, 96}};
constexpr Knot kTwoLoop[] = {start(6, 20), {24, 3}, {48, 8},  {52, 32}, {38, 64}, {18, 92},
                             {4, 95},      {3, 82}, {16, 77}, {36, 89}, {66, 93}};
constexpr Knot kTwoSmallLoop[] = {start(10, 14), {28, 2}, {48, 12}, {46, 40}, {28, 74},
                                  {10, 94},      {5, 88}, {16, 85}, {36, 94}, {58, 92}};
constexpr Knot kTwoWave[] = {start(2, 26), {14, 4},  {40, 2},  {52, 22}, {36, 56},
                             {8, 88},      {22, 86}, {42, 98}, {66, 86}};
constexpr Knot kTwoAngular[] = {start(4, 8), {28, 3},       {50, 6},  {48, 26},
                                {26, 66},    corner(2, 98), {30, 97}, {60, 97}};
constexpr Knot kTwoHook[] = {start(12, 34), {3, 20},  {18, 3},       {44, 4},  {54, 26},
                             {38, 62},      {16, 86}, corner(4, 96), {34, 93}, {64, 98}};
constexpr Knot kTwoArch[] = {start(6, 28), {10, 10}, {32, 1},  {52, 16}, {46, 48}, {26, 80},
                             {8, 92},      {2, 82},  {14, 74}, {34, 86}, {60, 98}};
constexpr Knot kTwoDip[] = {start(10, 20), {30, 2}, {50, 14}, {44, 44}, {22, 72},
                            {4, 80},       {4, 70}, {20, 68}, {42, 82}, {66, 100}};
constexpr Style kTwo[] = {{4, kTwoFlat},    {4, kTwoLoop}, {3, kTwoSmallLoop}, {2, kTwoWave},
                          {2, kTwoAngular}, {1, kTwoHook}, {3, kTwoArch},      {2, kTwoDip}};

constexpr Knot kThreeRound[] = {start(6, 14), {22, 1},  {46, 7},  {48, 28}, {36, 42}, corner(22, 47),
                                {44, 53},     {57, 72}, {46, 92}, {22, 99}, {2, 88}};
constexpr Knot kThreeSoft[] = {start(8, 8), {30, 1},  {50, 14}, {42, 36}, {30, 46},
                               {46, 54},    {54, 74}, {38, 94}, {14, 99}, {0, 92}};
constexpr Knot kThreeLoop[] = {start(4, 18), {24, 2},  {48, 12}, {42, 36}, {24, 50}, {20, 45},
                               {34, 45},     {54, 60}, {52, 84}, {28, 99}, {4, 90}};
constexpr Knot kThreeFlatTop[] = {start(6, 4), {28, 4},  corner(52, 3), {40, 20}, corner(26, 39),
                                  {46, 46},    {58, 68}, {46, 92},      {22, 99}, {2, 88}};
constexpr Knot kThreeHanging[] = {start(4, 10), {26, 1},  {48, 8},  {42, 30}, corner(22, 43),
                                  {44, 50},     {52, 70}, {38, 90}, {16, 100}};
constexpr Style kThree[] = {
    {4, kThreeRound}, {3, kThreeSoft}, {2, kThreeLoop}, {2, kThreeFlatTop}, {3, kThreeHanging}};

constexpr Knot kFourOpen[] = {start(14, 2), {8, 30},      corner(3, 56), {30, 56},
                              {60, 52},     start(50, 4), {47, 50},      {43, 100}};
constexpr Knot kFourClosed[] = {start(46, 1), {24, 32},     corner(2, 66), {32, 66},
                                {66, 64},     start(46, 1), {46, 50},      {45, 100}};
constexpr Knot kFourBowl[] = {start(6, 4), {3, 32}, {18, 50}, {42, 42}, corner(56, 3), {51, 46}, {46, 100}};
constexpr Knot kFourSquare[] = {start(6, 2),    {5, 26},      corner(6, 50), {28, 50},
                                corner(50, 48), start(52, 2), {51, 50},      {50, 100}};
constexpr Knot kFourCrossed[] = {start(16, 6), {10, 30},      {6, 52},  {32, 50},
                                 {64, 44},     start(46, 22), {40, 56}, {34, 100}};
constexpr Style kFour[] = {
    {4, kFourOpen}, {2, kFourClosed}, {2, kFourBowl}, {2, kFourSquare}, {2, kFourCrossed}};

constexpr Knot kFiveTwoStrokes[] = {start(18, 5), {15, 24}, corner(10, 46), {30, 38}, {53, 50}, {57, 74},
                                    {38, 96},     {2, 93},  start(18, 5),   {40, 4},  {62, 2}};
constexpr Knot kFiveOneStroke[] = {start(58, 3), {38, 5},  corner(17, 6), {15, 24}, corner(12, 42),
                                   {34, 39},     {54, 56}, {52, 82},      {28, 99}, {2, 90}};
constexpr Knot kFiveSnake[] = {start(56, 5), {30, 4},  {12, 20}, {22, 40},
                               {46, 56},     {50, 80}, {28, 98}, {2, 92}};
constexpr Knot kFiveRising[] = {start(20, 12), {15, 30}, corner(12, 44), {34, 46}, {48, 64}, {42, 88},
                                {20, 98},      {4, 88},  start(19, 13),  {44, 8},  {72, 2}};
constexpr Style kFive[] = {{4, kFiveTwoStrokes}, {3, kFiveOneStroke}, {2, kFiveSnake}, {2, kFiveRising}};

constexpr Knot kSixCurved[] = {start(46, 2), {24, 18}, {7, 52},  {7, 84},  {26, 99},
                               {50, 90},     {50, 70}, {34, 60}, {16, 68}, {8, 82}};
constexpr Knot kSixStraight[] = {start(30, 0), {15, 38}, {5, 76},  {20, 98},
                                 {44, 88},     {46, 66}, {28, 58}, {10, 74}};
constexpr Knot kSixSmallLoop[] = {start(36, 0), {16, 30}, {4, 68},  {12, 94}, {34, 96},
                                  {46, 80},     {34, 68}, {16, 78}, {12, 92}};
constexpr Knot kSixCrossed[] = {start(40, 2), {18, 28}, {6, 64},  {18, 96}, {46, 90},
                                {54, 68},     {36, 56}, {14, 70}, {0, 84}};
constexpr Knot kSixCurl[] = {start(18, 0), {7, 36},  {5, 76},  {26, 98}, {52, 86},
                             {52, 60},     {36, 54}, {24, 68}, {28, 86}};
constexpr Knot kSixWide[] = {start(14, 0), {4, 40},  {10, 84}, {34, 98}, {58, 84},
                             {56, 62},     {38, 57}, {20, 70}, {14, 88}};
constexpr Style kSix[] = {{4, kSixCurved},  {3, kSixStraight}, {2, kSixSmallLoop},
                          {1, kSixCrossed}, {2, kSixCurl},     {2, kSixWide}};

constexpr Knot kSevenPlain[] = {start(4, 8), {30, 6}, corner(58, 4), {42, 44}, {26, 100}};
constexpr Knot kSevenBar[] = {start(4, 8), {30, 6},       corner(58, 4), {42, 44},
                              {28, 100},   start(14, 52), {34, 50},      {58, 46}};
constexpr Knot kSevenFlag[] = {start(4, 24),  {4, 14},  corner(6, 5), {32, 5},
                               corner(58, 3), {44, 44}, {34, 100}};
constexpr Knot kSevenWave[] = {start(2, 18), {14, 5}, {36, 9}, corner(58, 4), {42, 40}, {30, 100}};
constexpr Knot kSevenRound[] = {start(2, 14), {22, 3}, {46, 4}, {54, 18}, {44, 52}, {34, 100}};
constexpr Knot kSevenBent[] = {start(4, 6), {28, 7}, corner(54, 6), {36, 34}, {28, 64}, {28, 100}};
constexpr Knot kSevenBarWave[] = {start(2, 18), {8, 6},       {32, 8},  corner(58, 2), {42, 40},
                                  {28, 100},    start(8, 52), {32, 51}, {56, 49}};
constexpr Style kSeven[] = {{5, kSevenPlain}, {3, kSevenBar},   {2, kSevenBarWave}, {2, kSevenFlag},
                            {3, kSevenWave},  {2, kSevenRound}, {2, kSevenBent}};

constexpr Knot kEightSnake[] = {start(48, 14), {30, 1}, {9, 14},  {14, 34}, {34, 49}, {54, 70}, {45, 93},
                                {24, 99},      {6, 86}, {12, 66}, {34, 46}, {51, 26}, {46, 8}};
constexpr Knot kEightCircles[] = {start(31, 2),  {11, 14}, {14, 38}, {31, 46}, {49, 34}, {48, 11}, {29, 1},
                                  start(31, 46), {8, 62},  {7, 86},  {31, 99}, {55, 86}, {52, 60}, {29, 46}};
constexpr Knot kEightCross[] = {start(54, 6), {34, 1},  {14, 10}, {18, 30}, {38, 52}, {50, 78},
                                {32, 98},     {10, 88}, {16, 66}, {38, 40}, {58, 6}};
constexpr Knot kEightSlim[] = {start(44, 6), {26, 3}, {14, 20}, {26, 42}, {42, 64}, {38, 92},
                               {20, 98},     {8, 80}, {20, 56}, {40, 34}, {46, 14}, {36, 2}};
constexpr Knot kEightTail[] = {start(60, 2), {40, 3},  {18, 6}, {12, 22}, {28, 42}, {44, 62},
                               {42, 88},     {22, 99}, {8, 86}, {18, 64}, {38, 42}, {56, 16}};
constexpr Knot kEightBigTop[] = {start(42, 4), {20, 3}, {6, 20},  {22, 44}, {38, 62}, {36, 90},
                                 {20, 99},     {8, 88}, {14, 64}, {34, 44}, {52, 22}, {38, 2}};
constexpr Knot kEightOpen[] = {start(50, 18), {42, 2},  {22, 2}, {12, 20}, {26, 42}, {48, 64},
                               {44, 94},      {18, 98}, {6, 80}, {22, 56}, {40, 38}, {46, 26}};
constexpr Knot kEightStacked[] = {start(32, 44), {10, 36}, {8, 12},  {30, 1}, {50, 12}, {50, 34}, {34, 46},
                                  {54, 58},      {56, 88}, {30, 99}, {6, 90}, {8, 60},  {32, 46}};
constexpr Knot kEightHook[] = {start(52, 18), {44, 3},  {24, 2},  {12, 16}, {22, 36}, {42, 54}, {48, 78},
                               {34, 98},      {14, 94}, {10, 74}, {26, 54}, {46, 36}, {64, 6}};
constexpr Knot kEightNarrow[] = {start(50, 8), {34, 1},  {20, 12}, {22, 32}, {36, 52}, {40, 80},
                                 {28, 98},     {14, 90}, {16, 68}, {32, 46}, {52, 22}, {50, 6}};
constexpr Style kEight[] = {{5, kEightSnake}, {2, kEightCircles}, {3, kEightCross}, {2, kEightSlim},
                            {3, kEightTail},  {2, kEightBigTop},  {2, kEightOpen},  {2, kEightStacked},
                            {3, kEightHook},  {2, kEightNarrow}};

constexpr Knot kNineStraight[] = {start(50, 14), {32, 2},        {11, 14}, {6, 34},  {22, 47},
                                  {42, 36},      corner(52, 10), {50, 50}, {45, 100}};
constexpr Knot kNineCurved[] = {start(50, 12), {28, 2},        {6, 20},  {14, 46}, {36, 46},
                                {50, 26},      corner(53, 12), {54, 54}, {40, 92}, {10, 97}};
constexpr Knot kNineLoop[] = {start(44, 22), {40, 5}, {18, 6},  {4, 28},  {16, 44},
                              {36, 32},      {46, 8}, {46, 30}, {40, 64}, {32, 100}};
constexpr Knot kNineRound[] = {start(46, 30), {26, 46}, {6, 32},  {12, 8},  {34, 1},
                               {50, 16},      {48, 44}, {38, 74}, {24, 100}};
constexpr Knot kNineOval[] = {start(50, 8), {32, 1},  {10, 10}, {4, 30},  {16, 43},
                              {38, 34},     {53, 10}, {50, 42}, {44, 72}, {40, 100}};
constexpr Knot kNineBig[] = {start(52, 18), {32, 1},        {6, 16},  {6, 46},  {28, 57},
                             {48, 42},      corner(54, 14), {53, 60}, {48, 100}};
constexpr Knot kNineOpen[] = {start(44, 6), {20, 4},      {4, 24},  {14, 44}, {36, 40},
                              {50, 26},     start(53, 4), {49, 50}, {42, 100}};
constexpr Knot kNineDrop[] = {start(54, 4), {34, 4},       {12, 16}, {3, 36},  {16, 46},
                              {38, 33},     corner(56, 5), {47, 36}, {36, 68}, {26, 100}};
constexpr Knot kNineFlat[] = {start(46, 12), {24, 4},  {5, 18},  {8, 36},  {28, 42},
                              {48, 28},      {54, 12}, {56, 30}, {54, 64}, {50, 100}};
constexpr Style kNine[] = {{4, kNineStraight}, {2, kNineCurved}, {3, kNineLoop},
                           {2, kNineRound},    {3, kNineOval},   {2, kNineBig},
                           {1, kNineOpen},     {3, kNineDrop},   {2, kNineFlat}};

}  // namespace

std::span<const Style> digit_styles(std::uint32_t digit) {
  static constexpr std::array<std::span<const Style>, kDigits> styles{kZero, kOne, kTwo,   kThree, kFour,
                                                                      kFive, kSix, kSeven, kEight, kNine};
  return styles[digit];
}

}  // namespace titrate::draw
