/* AVX-512 with VPDPBUSD: activations as u8 (128 added), 12 rows x 32 channels in registers. */
#if defined(__x86_64__)
#include "../scratch.h"
#include <immintrin.h>
#pragma clang attribute push(                                                                    \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,f16c"))),           \
    apply_to = function)
#define CONVERTS_HALF 1
#include "../template/vec.h"
#include "../template/functions.h"

#define SET(name) mbq_avx512vnni_##name
#define SET_NAME "avx512vnni"
#define SET_NEEDS MBQ_CPU_AVX512_VNNI
#define I8_ROWS 12
#define I8_PANELS 2
#define F32_ROWS 12
#define F32_PANELS 2
#define ACT_BYTES 1
#define ACT_OFFSET 1
#define PEAK_SUMS_I8 12
#define PEAK_SUMS_F32 12

typedef __m512i acc16, weights16, act4, pairs16, weights2;

INLINE acc16 acc_zero(void) { return _mm512_setzero_si512(); }
INLINE v16i acc_value(acc16 a) { return (v16i)a; }
INLINE weights16 load_weights(const int8_t *p) { return _mm512_loadu_si512(p); }
INLINE act4 load_act(const uint8_t *p) {
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return _mm512_set1_epi32(x);
}
INLINE acc16 dot4(acc16 a, act4 x, weights16 w) { return _mm512_dpbusd_epi32(a, x, w); }
INLINE void store_activations(uint8_t *p, v16i q) {
  _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8((__m512i)(q + 128)));
}
/* Four vectors of floats to 64 bytes: the packs work within 128-bit lanes, so the last step reorders. */
INLINE void store_activations64(uint8_t *p, v16f a, v16f b, v16f c, v16f d) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  __m512i ab = _mm512_packs_epi32(_mm512_cvtps_epi32((__m512)a), _mm512_cvtps_epi32((__m512)b));
  __m512i cd = _mm512_packs_epi32(_mm512_cvtps_epi32((__m512)c), _mm512_cvtps_epi32((__m512)d));
  __m512i bytes = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(ab, cd));
  _mm512_storeu_si512(p, _mm512_xor_si512(bytes, _mm512_set1_epi8((char)0x80)));
}
#define STORE_ACTIVATIONS64 store_activations64
INLINE pairs16 load_pairs(const int16_t *p) { return _mm512_loadu_si512(p); }
INLINE weights2 load_weights2(const int16_t *p) { return load_act((const uint8_t *)p); }
INLINE acc16 dot2(acc16 a, weights2 w, pairs16 v) { return _mm512_dpwssd_epi32(a, w, v); }

#include "../template/kernel_set.h"
#pragma clang attribute pop
#endif
