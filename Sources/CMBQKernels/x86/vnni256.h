/* VPDPBUSD on 256-bit registers, in the VEX encoding (AVX-VNNI) or the EVEX one (AVX-512 VL). The two
 * sets differ in nothing else, so a processor with either tests this file. */
#define CONVERTS_HALF 1
#include "../template/vec.h"
#include "../template/functions.h"

#define I8_ROWS 6
#define I8_PANELS 1
#define F32_ROWS 6
#define F32_PANELS 1
#define ACT_BYTES 1
#define ACT_OFFSET 1
#define PEAK_SUMS_I8 6

typedef struct { __m256i low, high; } acc16;
typedef acc16 weights16;
typedef acc16 pairs16;
typedef __m256i act4, weights2;

INLINE acc16 acc_zero(void) {
  return (acc16){_mm256_setzero_si256(), _mm256_setzero_si256()};
}
INLINE v16i acc_value(acc16 a) {
  typedef int32_t v8i __attribute__((vector_size(32)));
  return __builtin_shufflevector((v8i)a.low, (v8i)a.high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                 13, 14, 15);
}
INLINE weights16 load_weights(const int8_t *p) {
  return (weights16){_mm256_loadu_si256((const __m256i *)p),
                     _mm256_loadu_si256((const __m256i *)(p + 32))};
}
INLINE act4 load_act(const uint8_t *p) {
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return _mm256_set1_epi32(x);
}
INLINE acc16 dot4(acc16 a, act4 x, weights16 w) {
  return (acc16){DPBUSD(a.low, x, w.low), DPBUSD(a.high, x, w.high)};
}
INLINE void store_activations(uint8_t *p, v16i q) {
  *(v16b_unaligned *)p = __builtin_convertvector(q + 128, v16b);
}
INLINE pairs16 load_pairs(const int16_t *p) { return load_weights((const int8_t *)p); }
INLINE weights2 load_weights2(const int16_t *p) { return load_act((const uint8_t *)p); }
INLINE acc16 dot2(acc16 a, weights2 w, pairs16 v) {
  return (acc16){DPWSSD(a.low, w, v.low), DPWSSD(a.high, w, v.high)};
}

#include "../template/kernel_set.h"
