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
INLINE void store_activations(uint8_t *p, v16i q) {
  v16s x = __builtin_convertvector(q, v16s);
  *(v16s_unaligned *)p =
      __builtin_shufflevector(x, x, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
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

#include "../template/kernel_set.h"
#pragma clang attribute pop
#endif
