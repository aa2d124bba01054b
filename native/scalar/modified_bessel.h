#pragma once

// e^x K_ν(x) for x ≥ 1.
double scaled_k(double nu, double x);
