#include <array>

#include "glyph_outlines.hpp"

namespace titrate::draw {
namespace {

constexpr Knot start(std::int8_t x, std::int8_t y) { return {x, y, Join::start}; }
constexpr Knot corner(std::int8_t x, std::int8_t y) { return {x, y, Join::corner}; }

constexpr Knot kARoof[] = {start(2, 100), {16, 50},      corner(30, 0), {44, 50},
                           {58, 100},     start(10, 66), {30, 65},      {50, 66}};
constexpr Knot kAArch[] = {start(3, 100), {5, 50},   {14, 12},     {30, 1}, {46, 12},
                           {55, 50},      {57, 100}, start(5, 58), {55, 58}};
constexpr Knot kAFlat[] = {start(2, 100), corner(20, 2), corner(40, 2), {58, 100}, start(9, 62), {51, 62}};
constexpr Knot kAHigh[] = {start(0, 98), {18, 44},      corner(34, 0), {44, 48},
                           {56, 100},    start(14, 54), {52, 58}};
constexpr Style kA[] = {{4, kARoof}, {2, kAArch}, {2, kAFlat}, {3, kAHigh}};

constexpr Knot kBBowls[] = {start(5, 0), {4, 50},       {5, 100}, start(5, 2), {30, 2},  {48, 13}, {46, 36},
                            {30, 47},    corner(6, 48), {34, 49}, {57, 64},    {54, 88}, {32, 98}, {5, 98}};
constexpr Knot kBLine[] = {start(6, 98),   {5, 50},  corner(4, 4), {30, 0},  {50, 14}, {44, 38},
                           corner(20, 48), {48, 54}, {58, 76},     {42, 96}, {4, 97}};
constexpr Knot kBBlock[] = {start(5, 48),   corner(5, 2),  corner(42, 2), corner(53, 13), corner(53, 37),
                            corner(43, 48), corner(5, 48), start(43, 48), corner(58, 60), corner(58, 86),
                            corner(46, 98), corner(5, 98), corner(5, 48)};
constexpr Style kB[] = {{4, kBBowls}, {3, kBLine}, {2, kBBlock}};

constexpr Knot kCRound[] = {start(56, 18), {36, 1}, {12, 14}, {2, 50}, {12, 86}, {36, 99}, {58, 82}};
constexpr Knot kCDeep[] = {start(50, 8), {30, 1}, {8, 20}, {2, 54}, {10, 88}, {32, 99}, {54, 92}};
constexpr Knot kCHook[] = {start(54, 28), {50, 8}, {30, 1}, {8, 18}, {2, 52}, {10, 86}, {34, 99}, {58, 80}};
constexpr Knot kCBlock[] = {start(56, 22), corner(56, 14), corner(44, 2),  corner(16, 2),  corner(4, 14),
                            corner(4, 86), corner(16, 98), corner(44, 98), corner(56, 86), {56, 78}};
constexpr Style kC[] = {{4, kCRound}, {3, kCDeep}, {2, kCHook}, {2, kCBlock}};

constexpr Knot kDBowl[] = {start(8, 0), {7, 50},  {8, 100}, start(0, 2), {30, 3},
                           {52, 19},    {60, 50}, {52, 81}, {30, 97},    {0, 98}};
constexpr Knot kDLine[] = {start(8, 10), {8, 50}, corner(7, 98), {34, 94}, {56, 70},
                           {57, 32},     {36, 6}, corner(8, 3),  {-5, 3}};
constexpr Knot kDBlock[] = {start(4, 2),    corner(4, 98), corner(40, 98), corner(58, 78),
                            corner(58, 22), corner(40, 2), corner(4, 2)};
constexpr Style kD[] = {{4, kDBowl}, {3, kDLine}, {2, kDBlock}};

constexpr Knot kEBars[] = {start(56, 2), {30, 2},  corner(4, 2), {4, 50},  corner(4, 98),
                           {30, 98},     {58, 98}, start(4, 49), {26, 49}, {46, 49}};
constexpr Knot kEComb[] = {start(8, 0),  {7, 50},  {8, 100},     start(2, 3), {54, 2},
                           start(8, 48), {50, 47}, start(3, 98), {57, 97}};
constexpr Knot kERound[] = {start(54, 14), {34, 1}, {12, 12}, {14, 36}, corner(36, 47),
                            {8, 60},       {4, 84}, {26, 99}, {56, 86}};
constexpr Knot kEBow[] = {start(54, 4), {22, 6},  {5, 30},      {4, 66},
                          {20, 95},     {57, 95}, start(5, 50), {44, 48}};
constexpr Style kE[] = {{5, kEBars}, {3, kEComb}, {1, kERound}, {2, kEBow}};

constexpr Knot kFBars[] = {start(58, 2), {30, 2},      corner(6, 2), {6, 50},
                           {6, 100},     start(6, 48), {26, 48},     {48, 48}};
constexpr Knot kFCross[] = {start(10, 0), {9, 50}, {10, 100}, start(0, 4), {60, 2}, start(10, 46), {50, 44}};
constexpr Knot kFCane[] = {start(58, 3), {38, 1},  {18, 6},      {10, 28},
                           {9, 66},      {8, 100}, start(9, 48), {46, 46}};
constexpr Style kF[] = {{4, kFBars}, {3, kFCross}, {2, kFCane}};

constexpr Knot kGShelf[] = {start(56, 17), {36, 1},  {12, 14},       {2, 50},  {12, 86},
                            {34, 99},      {55, 86}, corner(58, 55), {46, 55}, {33, 55}};
constexpr Knot kGSpur[] = {start(56, 17), {36, 1},  {10, 16},      {2, 52},        {12, 88},
                           {34, 98},      {53, 82}, start(34, 58), corner(57, 58), {57, 102}};
constexpr Knot kGBlock[] = {start(56, 20),  corner(56, 14), corner(44, 2),  corner(16, 2),
                            corner(4, 14),  corner(4, 86),  corner(16, 98), corner(46, 98),
                            corner(57, 88), corner(57, 54), {32, 54}};
constexpr Knot kGTee[] = {start(54, 12), {32, 1},  {8, 18},  {3, 54},       {14, 92},
                          {38, 97},      {53, 82}, {55, 56}, start(34, 56), {66, 55}};
constexpr Style kG[] = {{4, kGShelf}, {3, kGSpur}, {2, kGBlock}, {2, kGTee}};

constexpr Knot kHPlain[] = {start(4, 0), {4, 50},      {4, 100}, start(56, 0), {56, 50},
                            {56, 100},   start(4, 50), {30, 50}, {56, 50}};
constexpr Knot kHLow[] = {start(8, 0), {7, 50},   {6, 100},     start(54, 0),
                          {54, 50},    {52, 100}, start(7, 58), {54, 56}};
constexpr Knot kHFeet[] = {start(6, 2),   {6, 98},      start(54, 2),  {54, 98},     start(6, 49),
                           {54, 49},      start(-5, 1), {17, 1},       start(43, 1), {65, 1},
                           start(-5, 99), {17, 99},     start(43, 99), {65, 99}};
constexpr Style kH[] = {{5, kHPlain}, {3, kHLow}, {1, kHFeet}};

// Always with bars: a bare stroke is a 1.
constexpr Knot kIBars[] = {start(30, 2), {30, 50},      {30, 98}, start(11, 2), {30, 2},
                           {49, 2},      start(11, 98), {30, 98}, {49, 98}};
constexpr Knot kIWide[] = {start(30, 1), {30, 99}, start(3, 1), {57, 1}, start(3, 99), {57, 99}};
constexpr Knot kILine[] = {start(10, 5), {50, 2}, start(31, 3), {30, 50}, {28, 98}, start(8, 97), {52, 98}};
constexpr Style kI[] = {{4, kIBars}, {2, kIWide}, {3, kILine}};

constexpr Knot kJHook[] = {start(48, 0), {48, 50}, {45, 82}, {27, 99}, {9, 92}, {2, 72}};
constexpr Knot kJRoof[] = {start(20, 2), {44, 2},  {68, 2}, start(46, 2), {46, 50},
                           {43, 82},     {26, 99}, {8, 92}, {2, 74}};
constexpr Knot kJFlag[] = {start(16, 3), corner(48, 2), {48, 50}, {46, 80}, {28, 99}, {4, 86}};
constexpr Style kJ[] = {{4, kJHook}, {3, kJRoof}, {2, kJFlag}};

constexpr Knot kKMeet[] = {start(5, 0), {5, 50},       {5, 100}, start(58, 1),
                           {32, 28},    corner(7, 55), {34, 75}, {62, 100}};
constexpr Knot kKBranch[] = {start(6, 0), {6, 50},       {6, 100}, start(54, 2), {30, 34},
                             {6, 64},     start(25, 42), {41, 70}, {60, 100}};
constexpr Knot kKCurved[] = {start(7, 0), {6, 50},        {4, 100}, start(58, 4), {38, 34},
                             {20, 50},    corner(14, 52), {36, 58}, {46, 82},     {66, 98}};
constexpr Style kK[] = {{4, kKMeet}, {3, kKBranch}, {2, kKCurved}};

constexpr Knot kLPlain[] = {start(6, 0), {6, 50}, corner(6, 98), {30, 98}, {56, 98}};
constexpr Knot kLSoft[] = {start(12, 0), {9, 50}, corner(4, 96), {30, 99}, {60, 93}};
constexpr Knot kLHook[] = {start(8, 0), {8, 50}, corner(8, 98), {32, 98}, corner(56, 98), {56, 80}};
constexpr Style kL[] = {{5, kLPlain}, {3, kLSoft}, {2, kLHook}};

constexpr Knot kMPeaks[] = {start(-2, 100), {-1, 50},      corner(0, 0), {15, 34}, corner(30, 66),
                            {45, 34},       corner(60, 0), {61, 50},     {62, 100}};
constexpr Knot kMSplayed[] = {start(-8, 100), corner(8, 0), corner(30, 82), corner(52, 0), {68, 100}};
constexpr Knot kMDeep[] = {start(-4, 100), {-4, 50},      corner(-3, 0), {14, 48}, corner(30, 98),
                           {46, 48},       corner(63, 0), {64, 50},      {64, 100}};
constexpr Style kM[] = {{4, kMPeaks}, {3, kMSplayed}, {2, kMDeep}};

constexpr Knot kNLine[] = {start(4, 100),   {4, 50},  corner(4, 0), {30, 50},
                           corner(56, 100), {56, 50}, {56, 0}};
constexpr Knot kNStrokes[] = {start(5, 2), {4, 50},      {5, 100}, start(3, 0), {30, 48},
                              {58, 98},    start(56, 0), {57, 50}, {56, 100}};
constexpr Knot kNLeaning[] = {start(0, 100),  {5, 50},  corner(11, 2), {28, 50},
                              corner(48, 98), {54, 50}, {62, 0}};
constexpr Style kN[] = {{4, kNLine}, {3, kNStrokes}, {2, kNLeaning}};

// Wider than a 0.
constexpr Knot kORing[] = {start(32, 1), {6, 11},  {-8, 50}, {5, 88}, {30, 99},
                           {56, 88},     {68, 50}, {55, 11}, {28, 1}};
constexpr Knot kOLoop[] = {start(44, 4), {20, 3},  {-3, 28}, {-5, 66}, {18, 97},
                           {46, 96},     {66, 68}, {62, 28}, {38, 3},  {26, 6}};
constexpr Knot kOBlock[] = {start(30, 1),   corner(12, 1),  corner(-6, 20), corner(-6, 80), corner(12, 99),
                            corner(48, 99), corner(66, 80), corner(66, 20), corner(48, 1),  {30, 1}};
constexpr Style kO[] = {{5, kORing}, {3, kOLoop}, {1, kOBlock}};

constexpr Knot kPBowl[] = {start(6, 0), {6, 50},  {6, 100}, start(6, 2), {32, 2},
                           {54, 14},    {54, 38}, {34, 52}, {6, 52}};
constexpr Knot kPLine[] = {start(8, 100), {7, 50},  corner(5, 5), {34, 0},
                           {57, 16},      {48, 43}, {26, 51},     {8, 50}};
constexpr Knot kPBlock[] = {start(6, 100),  corner(6, 2),   corner(46, 2), corner(58, 14),
                            corner(58, 42), corner(46, 54), corner(6, 54)};
constexpr Style kP[] = {{4, kPBowl}, {3, kPLine}, {2, kPBlock}};

constexpr Knot kQRing[] = {start(32, 1), {6, 11},  {-6, 48}, {6, 84},       {30, 95}, {54, 84},
                           {66, 48},     {54, 11}, {28, 1},  start(36, 62), {54, 84}, {74, 106}};
constexpr Knot kQCut[] = {start(44, 4), {20, 3}, {-3, 28}, {-4, 64},      {18, 94}, {46, 93}, {65, 64},
                          {60, 26},     {38, 3}, {26, 6},  start(36, 70), {54, 90}, {66, 110}};
constexpr Knot kQBlock[] = {start(30, 1),   corner(12, 1),  corner(-4, 20), corner(-4, 78),
                            corner(12, 96), corner(46, 96), corner(64, 78), corner(64, 20),
                            corner(48, 1),  {30, 1},        start(36, 68),  {68, 102}};
constexpr Style kQ[] = {{5, kQRing}, {3, kQCut}, {1, kQBlock}};

constexpr Knot kRBowl[] = {start(6, 0), {6, 50},  {6, 100}, start(6, 2),   {32, 2},  {52, 13},
                           {52, 36},    {34, 50}, {6, 51},  start(28, 51), {44, 75}, {60, 100}};
constexpr Knot kRLine[] = {start(9, 100), {8, 50},        corner(5, 4), {34, 0}, {55, 14},
                           {46, 40},      corner(14, 52), {36, 72},     {62, 98}};
constexpr Knot kRBlock[] = {start(6, 100),  corner(6, 2),  corner(46, 2), corner(57, 13), corner(57, 40),
                            corner(46, 51), corner(6, 51), start(32, 51), {58, 100}};
constexpr Style kR[] = {{4, kRBowl}, {3, kRLine}, {2, kRBlock}};

constexpr Knot kSRound[] = {start(54, 15), {38, 1},  {14, 6},  {6, 26}, {26, 45},
                            {48, 58},      {55, 80}, {34, 99}, {4, 85}};
constexpr Knot kSSnake[] = {start(52, 7), {28, 2}, {7, 20}, {22, 42}, {46, 57}, {56, 78}, {36, 98}, {6, 93}};
constexpr Knot kSWide[] = {start(62, 20), {46, 2},  {16, 3},  {0, 22},  {14, 42},
                           {46, 55},      {64, 76}, {48, 97}, {14, 98}, {-4, 80}};
constexpr Style kS[] = {{4, kSRound}, {3, kSSnake}, {2, kSWide}};

constexpr Knot kTPlain[] = {start(0, 2), {30, 2}, {60, 2}, start(30, 2), {30, 50}, {30, 100}};
constexpr Knot kTWave[] = {start(2, 7), {30, 3}, {62, 0}, start(32, 3), {30, 50}, {27, 100}};
constexpr Knot kTSerif[] = {start(0, 20), corner(0, 2), {30, 2},  corner(60, 2),
                            {60, 20},     start(30, 2), {30, 50}, {30, 100}};
constexpr Style kT[] = {{5, kTPlain}, {3, kTWave}, {1, kTSerif}};

constexpr Knot kURound[] = {start(4, 0), {4, 58}, {11, 90}, {30, 99}, {49, 90}, {56, 58}, {56, 0}};
constexpr Knot kUWide[] = {start(0, 2), {1, 56}, {13, 92}, {34, 98}, {53, 86}, {62, 50}, {64, 0}};
constexpr Knot kUBlock[] = {start(4, 0),    {4, 40},        corner(4, 82), corner(18, 98),
                            corner(42, 98), corner(56, 82), {56, 40},      {56, 0}};
constexpr Style kU[] = {{5, kURound}, {3, kUWide}, {2, kUBlock}};

constexpr Knot kVPlain[] = {start(0, 0), {15, 50}, corner(30, 100), {45, 50}, {60, 0}};
constexpr Knot kVWide[] = {start(-6, 2), corner(28, 99), {66, 0}};
constexpr Knot kVBowed[] = {start(2, 0), {12, 44}, corner(26, 100), {42, 46}, {64, 2}};
constexpr Style kV[] = {{5, kVPlain}, {2, kVWide}, {3, kVBowed}};

constexpr Knot kWPeaks[] = {start(-10, 0), {2, 50},         corner(12, 100), {21, 62}, corner(30, 24),
                            {39, 62},      corner(48, 100), {58, 50},        {70, 0}};
constexpr Knot kWTall[] = {start(-8, 0), corner(12, 98), corner(31, 2), corner(50, 98), {68, 0}};
constexpr Knot kWRound[] = {start(-8, 0), {-6, 52}, {8, 97},  {24, 84}, corner(30, 34),
                            {36, 84},     {52, 97}, {66, 52}, {68, 0}};
constexpr Style kW[] = {{4, kWPeaks}, {2, kWTall}, {2, kWRound}};

constexpr Knot kXPlain[] = {start(2, 0), {30, 50}, {58, 100}, start(58, 0), {30, 50}, {2, 100}};
constexpr Knot kXWide[] = {start(-4, 4), {30, 50}, {64, 96}, start(60, 2), {30, 48}, {-2, 100}};
constexpr Knot kXCurved[] = {start(0, 6), {16, 16}, {44, 84}, {60, 95}, start(58, 0), {34, 44}, {4, 100}};
constexpr Style kX[] = {{5, kXPlain}, {2, kXWide}, {2, kXCurved}};

constexpr Knot kYFork[] = {start(1, 0), {16, 27},       {30, 54}, start(59, 0),
                           {45, 27},    corner(30, 54), {30, 78}, {30, 100}};
constexpr Knot kYSlide[] = {start(3, 0), {17, 25}, {32, 48}, start(62, 0), {34, 48}, {8, 100}};
constexpr Knot kYCup[] = {start(2, 0), {7, 30}, {28, 46}, {51, 32}, {58, 0}, start(29, 46), {30, 100}};
constexpr Style kY[] = {{5, kYFork}, {2, kYSlide}, {2, kYCup}};

constexpr Knot kZPlain[] = {start(3, 2), {30, 2}, corner(57, 2), {30, 50}, corner(3, 98), {30, 98}, {58, 98}};
constexpr Knot kZBar[] = {start(3, 3), {30, 2},  corner(57, 2), {30, 50}, corner(3, 98),
                          {30, 98},    {58, 97}, start(13, 50), {47, 50}};
constexpr Knot kZFlag[] = {start(5, 18),  corner(5, 2), {30, 2},        corner(57, 2), {30, 50},
                           corner(3, 98), {30, 98},     corner(58, 98), {58, 84}};
constexpr Style kZ[] = {{5, kZPlain}, {3, kZBar}, {1, kZFlag}};

constexpr Knot kHashLeaning[] = {start(24, 2), {20, 50},      {14, 98}, start(50, 2),  {45, 50},
                                 {40, 98},     start(-2, 33), {64, 33}, start(-6, 68), {60, 68}};
constexpr Knot kHashUpright[] = {start(16, 2),  {16, 98}, start(45, 2),  {45, 98},
                                 start(-6, 32), {67, 32}, start(-6, 67), {67, 67}};
constexpr Knot kHashRising[] = {start(18, 0), {16, 50},      {15, 100}, start(46, 0),  {44, 50},
                                {42, 100},    start(-6, 40), {66, 28},  start(-6, 74), {66, 62}};
constexpr Style kHash[] = {{4, kHashLeaning}, {3, kHashUpright}, {2, kHashRising}};

constexpr Knot kZeroSlash[] = {start(34, 2), {14, 12}, {5, 50}, {14, 88},      {32, 98}, {50, 87},
                               {57, 48},     {48, 12}, {30, 1}, start(48, 20), {14, 80}};
constexpr Knot kZeroLongSlash[] = {start(34, 4), {14, 14}, {6, 50}, {14, 86},     {32, 96}, {49, 86},
                                   {56, 48},     {48, 14}, {30, 3}, start(58, 2), {4, 98}};
constexpr Knot kZeroDot[] = {start(34, 2), {12, 12}, {2, 50}, {12, 88},      {32, 98}, {53, 87},
                             {60, 48},     {50, 12}, {30, 1}, start(31, 46), {31, 54}};
constexpr Style kSignZero[] = {{4, kZeroSlash}, {2, kZeroLongSlash}, {2, kZeroDot}};

constexpr Knot kOneFlag[] = {start(14, 21), {24, 12}, corner(34, 0), {34, 50}, {34, 100}};
constexpr Knot kOneFoot[] = {start(12, 22), {23, 12},      corner(33, 0), {33, 50},
                             {33, 99},      start(10, 99), {56, 99}};
constexpr Style kSignOne[] = {{4, kOneFlag}, {3, kOneFoot}};

constexpr Knot kTwoSwan[] = {start(4, 24), {14, 6},       {32, 1},  {51, 12}, {50, 36},
                             {30, 66},     corner(3, 98), {30, 98}, {58, 98}};
constexpr Knot kTwoCurl[] = {start(5, 22), {20, 3}, {42, 3},  {54, 24}, {44, 54}, {20, 88},
                             {5, 94},      {4, 83}, {17, 79}, {36, 90}, {62, 95}};
constexpr Style kSignTwo[] = {{4, kTwoSwan}, {2, kTwoCurl}};

constexpr Knot kFourSail[] = {start(44, 1), {24, 34},     corner(1, 68), {32, 68},
                              {64, 68},     start(44, 1), {44, 50},      {44, 100}};
constexpr Knot kFourChair[] = {start(14, 2), {9, 28},       corner(3, 56), {30, 56},
                               {62, 55},     start(46, 24), {45, 60},      {44, 100}};
constexpr Style kSignFour[] = {{3, kFourSail}, {2, kFourChair}};

constexpr Knot kFiveFlag[] = {start(16, 3), {14, 24}, corner(10, 46), {30, 38}, {53, 50}, {57, 74},
                              {38, 97},     {2, 92},  start(16, 3),   {36, 3},  {54, 2}};
constexpr Knot kFiveSharp[] = {start(56, 3), {36, 3},  corner(14, 3), {13, 24}, corner(11, 44),
                               {34, 40},     {55, 56}, {53, 82},      {28, 99}, {2, 89}};
constexpr Style kSignFive[] = {{4, kFiveFlag}, {3, kFiveSharp}};

constexpr Knot kSevenPlain[] = {start(3, 3), {30, 3}, corner(58, 3), {40, 46}, {26, 100}};
constexpr Knot kSevenBar[] = {start(3, 3), {30, 3},       corner(58, 3), {40, 46},
                              {26, 100},   start(18, 52), {56, 50}};
constexpr Knot kSevenFlag[] = {start(4, 20), corner(4, 3), {32, 3}, corner(58, 3), {42, 46}, {30, 100}};
constexpr Style kSignSeven[] = {{4, kSevenPlain}, {3, kSevenBar}, {1, kSevenFlag}};

}  // namespace

std::span<const Style> letter_styles(std::uint32_t letter) {
  static constexpr std::array<std::span<const Style>, kLetters + 1> styles{
      kA, kB, kC, kD, kE, kF, kG, kH, kI, kJ, kK, kL, kM,   kN,
      kO, kP, kQ, kR, kS, kT, kU, kV, kW, kX, kY, kZ, kHash};
  return styles[letter];
}

std::span<const Style> sign_styles(std::uint32_t glyph) {
  switch (glyph) {
    case 0:
      return kSignZero;
    case 1:
      return kSignOne;
    case 2:
      return kSignTwo;
    case 4:
      return kSignFour;
    case 5:
      return kSignFive;
    case 7:
      return kSignSeven;
    default:
      return glyph_styles(glyph);
  }
}

}  // namespace titrate::draw
