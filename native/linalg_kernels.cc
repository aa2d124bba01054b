#include "linalg_kernels.h"

static const LinalgKernels* in_use;
static bool failed;

const LinalgKernels* tt_linalg_kernels(void) { return __atomic_load_n(&in_use, __ATOMIC_RELAXED); }
void tt_use_linalg_kernels(const LinalgKernels* kernels) { __atomic_store_n(&in_use, kernels, __ATOMIC_RELAXED); }

void tt_fail_linalg(void) { __atomic_store_n(&failed, true, __ATOMIC_RELAXED); }
bool tt_linalg_failed(void) { return __atomic_exchange_n(&failed, false, __ATOMIC_RELAXED); }
