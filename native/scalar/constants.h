#pragma once

constexpr double kPi = 3.14159265358979323846;
constexpr double kEulerGamma = 0.57721566490153286061;
constexpr double kInfinity = __builtin_huge_val();
constexpr double kNaN = __builtin_nan("");
