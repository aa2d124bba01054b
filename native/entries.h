// Every entry point of the engine, one a line. Apart from abi.h, so that a new one recompiles no kernel.
#pragma once

// Of native/kernels/, compiled for each instruction set: what gains from wide registers.
#define TT_ENTRIES(X) \
  X(attention)        \
  X(convolution)      \
  X(fft)              \
  X(linalg_start)     \
  X(matmul)           \
  X(norm_columns)     \
  X(norm_rows)        \
  X(norm_segments)    \
  X(normal_fill)      \
  X(pointwise)        \
  X(pool)             \
  X(recurrence)       \
  X(reduce)           \
  X(softmax)          \
  X(update_each)      \
  // end of the list

// Of native/portable/, compiled once, for the weakest: what waits for memory, or decides element by element.
#define TT_PORTABLE_ENTRIES(X) \
  X(adaptive_pool)             \
  X(arg_reduce)                \
  X(cat)                       \
  X(ctc_loss)                  \
  X(embedding_bag)             \
  X(gather)                    \
  X(grid_sample)               \
  X(histogram)                 \
  X(index)                     \
  X(linalg_apply_reflectors)   \
  X(linalg_cholesky)           \
  X(linalg_eig)                \
  X(linalg_eigh)               \
  X(linalg_geqrf)              \
  X(linalg_ldl)                \
  X(linalg_ldl_solve)          \
  X(linalg_lu)                 \
  X(linalg_lu_solve)           \
  X(linalg_solve_triangular)   \
  X(linalg_svd)                \
  X(masked)                    \
  X(multilabel_margin)         \
  X(multinomial)               \
  X(nll_loss)                  \
  X(nonzero)                   \
  X(pool_places)               \
  X(random)                    \
  X(random_counts)             \
  X(randperm)                  \
  X(resample)                  \
  X(scan)                      \
  X(scatter)                   \
  X(searchsorted)              \
  X(sequence)                  \
  X(sort)                      \
  X(sort_rows)                 \
  X(topk)                      \
  // end of the list
