/* wasm's 128-bit SIMD: i32x4.dot_i16x8_s, as AVX2 does it (see x86/set_avx2.c for the order of four).
 *
 * Not i32x4.relaxed_dot_i8x16_i7x16_add_s: its second operand has 7 bits, and what happens with an 8th is
 * up to the engine. Our activations and weights both need 8, so its bits would not be everyone's. Nor is
 * there a fused multiply-add whose bits are promised. */
#if defined(__wasm_simd128__)
#include "../scratch.h"
#include <wasm_simd128.h>
#define CONVERTS_HALF 0
#define WITHOUT_FMA
#include "../template/vec.h"
#include "../template/functions.h"

#define SET(name) mbq_wasm_simd128_##name
#define SET_NAME "wasm-simd128"
#define SET_NEEDS 0
#define I8_ROWS 3
#define I8_PANELS 1
#define F32_ROWS 2
#define F32_PANELS 1
#define ACT_BYTES 2
#define ACT_OFFSET 0

typedef struct { v128_t quarter[4]; } acc16;
typedef acc16 pairs16;
typedef v128_t weights2;

INLINE acc16 acc_zero(void) {
  const v128_t zero = wasm_i32x4_const_splat(0);
  return (acc16){{zero, zero, zero, zero}};
}
INLINE v16i acc_value(acc16 a) {
  v16i x;
  __builtin_memcpy(&x, &a, sizeof x);
  return x;
}
INLINE v128_t add_products(v128_t sum, v128_t x, v128_t y) {
  return wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(x, y));
}
INLINE void store_activations(uint8_t *p, v16i q) {
  v16s x = __builtin_convertvector(q, v16s);
  *(v16s_unaligned *)p =
      __builtin_shufflevector(x, x, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
}
INLINE pairs16 load_pairs(const int16_t *p) {
  return (pairs16){{wasm_v128_load(p), wasm_v128_load(p + 8), wasm_v128_load(p + 16),
                    wasm_v128_load(p + 24)}};
}
INLINE weights2 load_weights2(const int16_t *p) { return wasm_v128_load32_splat(p); }
INLINE acc16 dot2(acc16 a, weights2 w, pairs16 v) {
  UNROLL for (int q = 0; q < 4; q++)
    a.quarter[q] = add_products(a.quarter[q], w, v.quarter[q]);
  return a;
}

/* Four channels at a time, so that little but the sums has to be kept: engines on x86 have 16 registers. */
#define MULTIPLY_TILE_I8
INLINE void multiply_tile_i8(const int mr, const int nb, const uint8_t *rows, size_t stride,
                             const int8_t *p, size_t panel_bytes, uint32_t groups, int32_t *sums) {
  (void)nb, (void)panel_bytes;
  acc16 acc[I8_ROWS];
  UNROLL for (int r = 0; r < mr; r++) acc[r] = acc_zero();
  for (uint32_t g = 0; g < groups; g++, rows += 8, p += 64) {
    UNROLL for (int q = 0; q < 4; q++) {
      const v128_t w = wasm_v128_load(p + 16 * q);
      const v128_t even = wasm_i16x8_shr(wasm_i16x8_shl(w, 8), 8), odd = wasm_i16x8_shr(w, 8);
      UNROLL for (int r = 0; r < mr; r++) {
        v128_t sum = add_products(acc[r].quarter[q], wasm_v128_load32_splat(rows + r * stride), even);
        acc[r].quarter[q] = add_products(sum, wasm_v128_load32_splat(rows + r * stride + 4), odd);
      }
    }
  }
  UNROLL for (int r = 0; r < mr; r++) *(v16i *)(sums + 16 * r) = acc_value(acc[r]);
}

#include "../template/kernel_set.h"
#endif
