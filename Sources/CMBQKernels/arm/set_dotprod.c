/* NEON with SDOT: 6 rows x 16 channels are 24 of the 32 registers; four groups of a row's activations
 * are a 25th to 30th, taken lane by lane, and weights stream through what is left. */
#if defined(__aarch64__)
#include "../scratch.h"
#include <arm_neon.h>
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "../template/vec.h"
#include "neon.h"
#include "../template/functions.h"

#define SET(name) mbq_neon_dotprod_##name
#define SET_NAME "neon-dotprod"
#define SET_NEEDS MBQ_CPU_NEON_DOTPROD
#define I8_ROWS 6

INLINE void store_activations(uint8_t *p, v16i q) {
  *(v16b_unaligned *)p = __builtin_convertvector(q, v16b);
}

/* Group `lane` of four: 16 channels x 4 inputs from `p` on. */
#define MULTIPLY_GROUP(lane)                                                                     \
  UNROLL for (int q = 0; q < 4; q++) {                                                           \
    const int8x16_t w = vld1q_s8(p + 64 * (lane) + 16 * q);                                      \
    UNROLL for (int r = 0; r < mr; r++)                                                          \
      acc[r].quarter[q] = vdotq_laneq_s32(acc[r].quarter[q], w, x[r], lane);                     \
  }

#define MULTIPLY_TILE_I8
INLINE void multiply_tile_i8(const int mr, const int nb, const uint8_t *rows, size_t stride,
                             const int8_t *p, size_t panel_bytes, uint32_t groups, int32_t *sums) {
  (void)nb, (void)panel_bytes;
  acc16 acc[I8_ROWS];
  int8x16_t x[I8_ROWS];
  UNROLL for (int r = 0; r < mr; r++) acc[r] = acc_zero();
  /* Rows are whole blocks of 16 activations, so the last load is one too. */
  for (; groups > 0; rows += 16, p += 256) {
    UNROLL for (int r = 0; r < mr; r++) x[r] = vld1q_s8((const int8_t *)rows + r * stride);
    MULTIPLY_GROUP(0)
    if (groups == 1) break;
    MULTIPLY_GROUP(1)
    if (groups == 2) break;
    MULTIPLY_GROUP(2)
    if (groups == 3) break;
    MULTIPLY_GROUP(3)
    groups -= 4;
  }
  UNROLL for (int r = 0; r < mr; r++) *(v16i *)(sums + 16 * r) = acc_value(acc[r]);
}

#include "../template/kernel_set.h"
#pragma clang attribute pop
#endif
