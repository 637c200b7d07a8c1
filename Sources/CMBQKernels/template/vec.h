/* Sixteen floats or ints at a time, in clang's vector extension: one zmm, two ymm, four 128-bit
 * registers or plain code, as the surrounding target allows. Only operations that IEEE 754 defines to
 * the bit are used, so that every target gives the same numbers. */
#pragma STDC FP_CONTRACT OFF
/* Wide vectors are passed between functions that are always inlined: there is no ABI to change. */
#pragma clang diagnostic ignored "-Wpsabi"

typedef float v16f __attribute__((vector_size(64)));
typedef int32_t v16i __attribute__((vector_size(64)));
typedef uint32_t v16u __attribute__((vector_size(64)));
typedef float v16f_unaligned __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint16_t v16hu __attribute__((vector_size(32)));
typedef uint16_t v16hu_unaligned __attribute__((vector_size(32), aligned(2), may_alias));
typedef int32_t v16i_unaligned __attribute__((vector_size(64), aligned(2), may_alias));
typedef int8_t v16b __attribute__((vector_size(16)));
typedef int8_t v16b_unaligned __attribute__((vector_size(16), aligned(1), may_alias));
typedef int16_t v16s __attribute__((vector_size(32)));
typedef int16_t v16s_unaligned __attribute__((vector_size(32), aligned(2), may_alias));

typedef uint16_t v32u __attribute__((vector_size(64)));
typedef uint16_t v32u_unaligned __attribute__((vector_size(64), aligned(1), may_alias));
typedef uint8_t v64b __attribute__((vector_size(64)));
typedef uint8_t v64b_unaligned __attribute__((vector_size(64), aligned(1), may_alias));
typedef uint8_t v16bu_unaligned __attribute__((vector_size(16), aligned(1), may_alias));

/* Tiles live in registers only if the loops over them are gone. */
#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))

INLINE v16f load16(const float *p) { return *(const v16f_unaligned *)p; }
INLINE void store16(float *p, v16f x) { *(v16f_unaligned *)p = x; }
INLINE v16f splat(float x) { return x - (v16f){0}; }
INLINE v16i isplat(int32_t x) { return x - (v16i){0}; }
#ifdef WITHOUT_FMA
#include "fma.h"
#else
INLINE v16f fma16(v16f a, v16f b, v16f c) { return __builtin_elementwise_fma(a, b, c); }
#endif

/* a > b ? x : y, lane by lane; a comparison with a NaN is false. */
INLINE v16f select16(v16i mask, v16f x, v16f y) {
  return (v16f)((mask & (v16i)x) | (~mask & (v16i)y));
}
INLINE v16f max16(v16f a, v16f b) { return select16(a > b, a, b); }

/* The nearest integer, ties to even, of |x| < 2^22: adding 1.5 * 2^23 leaves a float whose step is 1,
 * so the addition itself rounds (2). */
INLINE v16i rint16(v16f x) { return (v16i)(x + 12582912.0f) - 0x4B400000; }

/* (x0 + x8) + (x4 + x12) ...: the fixed tree of every float sum (9). */
INLINE float sum16(v16f x) {
  float s[8], t[4], u[2];
  for (int i = 0; i < 8; i++) s[i] = x[i] + x[i + 8];
  for (int i = 0; i < 4; i++) t[i] = s[i] + s[i + 4];
  for (int i = 0; i < 2; i++) u[i] = t[i] + t[i + 2];
  return u[0] + u[1];
}

/* binary16 to binary32, exact: the exponent is moved by a multiplication with 2^112, which also takes
 * subnormals right. Where the processor converts by itself it gives the same. */
INLINE v16f widen_half(const void *p) {
#if CONVERTS_HALF
  typedef _Float16 v16h __attribute__((vector_size(32), aligned(2), may_alias));
  return __builtin_convertvector(*(const v16h *)p, v16f);
#else
  v16u bits = __builtin_convertvector(*(const v16hu_unaligned *)p, v16u);
  v16u magnitude = (bits & 0x7FFF) << 13;
  v16i special = (v16i)(magnitude) >= 0x0F800000;
  v16f value = (v16f)magnitude * 0x1p112f;
  v16i result = (v16i)value | (special & 0x7F800000);
  return (v16f)(result | (v16i)((bits & 0x8000) << 16));
#endif
}

INLINE int32_t max_lane(v16i x) { return __builtin_reduce_max(x); }

/* The largest lane, by halves: a chain of sixteen comparisons would be the longest part of a short
 * softmax. If a lane is a NaN, any lane may come out. */
INLINE float max_lane_f(v16f x) {
  typedef float v8f __attribute__((vector_size(32)));
  typedef int32_t v8i __attribute__((vector_size(32)));
  typedef float v4f __attribute__((vector_size(16)));
  typedef int32_t v4i __attribute__((vector_size(16)));
  v8f a = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7);
  v8f b = __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
  v8i larger = a > b;
  a = (v8f)((larger & (v8i)a) | (~larger & (v8i)b));
  v4f c = __builtin_shufflevector(a, a, 0, 1, 2, 3), d = __builtin_shufflevector(a, a, 4, 5, 6, 7);
  v4i more = c > d;
  c = (v4f)((more & (v4i)c) | (~more & (v4i)d));
  float m = c[0] > c[2] ? c[0] : c[2], n = c[1] > c[3] ? c[1] : c[3];
  return m > n ? m : n;
}
