/* AVX2 without VNNI: bytes are widened to 16 bits and multiplied with PMADDWD, which is exact.
 * Activations are stored as int16 in the order (0, 2, 1, 3) of each four: the even bytes of a weight
 * lane and the odd ones then come out of two shifts, with no horizontal sum afterwards. */
#if defined(__x86_64__)
#include "../scratch.h"
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define CONVERTS_HALF 1
#include "../template/vec.h"
#include "../template/functions.h"

#define SET(name) mbq_avx2_##name
#define SET_NAME "avx2"
#define SET_NEEDS MBQ_CPU_AVX2_FMA_F16C
#define I8_ROWS 4
#define I8_PANELS 1
#define F32_ROWS 6
#define F32_PANELS 1
#define ACT_BYTES 2
#define ACT_OFFSET 0
#define HAS_UNSIGNED 1
#define U8_ROWS 6
#define HIDE_ACT(x) __asm__ volatile("" : "+x"(x.even), "+x"(x.odd))

typedef struct { __m256i low, high; } acc16;
typedef acc16 pairs16;
typedef __m256i weights2;
typedef struct { __m256i even_low, odd_low, even_high, odd_high; } weights16;
typedef struct { __m256i even, odd; } act4;

INLINE acc16 acc_zero(void) {
  return (acc16){_mm256_setzero_si256(), _mm256_setzero_si256()};
}
INLINE v16i acc_value(acc16 a) {
  typedef int32_t v8i __attribute__((vector_size(32)));
  return __builtin_shufflevector((v8i)a.low, (v8i)a.high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                 13, 14, 15);
}
INLINE weights16 load_weights(const int8_t *p) {
  __m256i low = _mm256_loadu_si256((const __m256i *)p);
  __m256i high = _mm256_loadu_si256((const __m256i *)(p + 32));
  return (weights16){_mm256_srai_epi16(_mm256_slli_epi16(low, 8), 8), _mm256_srai_epi16(low, 8),
                     _mm256_srai_epi16(_mm256_slli_epi16(high, 8), 8), _mm256_srai_epi16(high, 8)};
}
INLINE act4 load_act(const uint8_t *p) {
  int32_t even, odd;
  __builtin_memcpy(&even, p, 4);
  __builtin_memcpy(&odd, p + 4, 4);
  return (act4){_mm256_set1_epi32(even), _mm256_set1_epi32(odd)};
}
INLINE __m256i add_products(__m256i sum, __m256i x, __m256i y) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
}
INLINE acc16 dot4(acc16 a, act4 x, weights16 w) {
  return (acc16){add_products(add_products(a.low, x.even, w.even_low), x.odd, w.odd_low),
                 add_products(add_products(a.high, x.even, w.even_high), x.odd, w.odd_high)};
}
INLINE __m256i low_ints(v16i q) {
  return (__m256i)__builtin_shufflevector(q, q, 0, 1, 2, 3, 4, 5, 6, 7);
}
INLINE __m256i high_ints(v16i q) {
  return (__m256i)__builtin_shufflevector(q, q, 8, 9, 10, 11, 12, 13, 14, 15);
}
/* The pack works within 128-bit lanes, so quarters of four are put in order afterwards. */
INLINE void store_activations(uint8_t *p, v16i q) {
  const __m256i order = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15));
  __m256i x = _mm256_shuffle_epi8(_mm256_packs_epi32(low_ints(q), high_ints(q)), order);
  _mm256_storeu_si256((__m256i *)p, _mm256_permute4x64_epi64(x, 0xD8));
}
INLINE void store_unsigned(uint8_t *p, v16i q) {
  __m256i x = _mm256_packs_epi32(low_ints(q), high_ints(q));
  x = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(x, x),
                                  _mm256_setr_epi32(0, 4, 1, 5, 0, 4, 1, 5));
  _mm_storeu_si128((__m128i *)p, _mm256_castsi256_si128(x));
}
/* PMADDUBSW adds two products in 16 bits, saturated: 127 * 127 * 2 = 32258 < 2^15, so it never is.
 * Three instructions for 32 products where the signed product takes four and widens the weights. */
INLINE __m256i dot4_unsigned(__m256i sum, __m256i x, const int8_t *w) {
  const __m256i products = _mm256_maddubs_epi16(x, _mm256_loadu_si256((const __m256i *)w));
  return add_products(sum, products, _mm256_set1_epi16(1));
}
INLINE pairs16 load_pairs(const int16_t *p) {
  return (pairs16){_mm256_loadu_si256((const __m256i *)p),
                   _mm256_loadu_si256((const __m256i *)(p + 16))};
}
INLINE weights2 load_weights2(const int16_t *p) {
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return _mm256_set1_epi32(x);
}
INLINE acc16 dot2(acc16 a, weights2 w, pairs16 v) {
  return (acc16){add_products(a.low, w, v.low), add_products(a.high, w, v.high)};
}

/* sums[r] = mr rows of unsigned bytes times one panel. */
INLINE void multiply_tile_u8(const int mr, const uint8_t *rows, size_t stride, const int8_t *panel,
                             uint32_t groups, int32_t *sums) {
  __m256i acc[U8_ROWS][2];
  UNROLL for (int r = 0; r < mr; r++) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
  for (uint32_t g = 0; g < groups; g++, rows += 4, panel += 64) {
    UNROLL for (int r = 0; r < mr; r++) {
      int32_t four;
      __builtin_memcpy(&four, rows + r * stride, 4);
      const __m256i x = _mm256_set1_epi32(four);
      acc[r][0] = dot4_unsigned(acc[r][0], x, panel);
      acc[r][1] = dot4_unsigned(acc[r][1], x, panel + 32);
    }
  }
  /* 16 columns a row: this set has one panel a tile. */
  UNROLL for (int r = 0; r < mr; r++) {
    _mm256_store_si256((__m256i *)(sums + 16 * r), acc[r][0]);
    _mm256_store_si256((__m256i *)(sums + 16 * r + 8), acc[r][1]);
  }
}

#include "../template/kernel_set.h"
#pragma clang attribute pop
#endif
