/* CRC-32 by carry-less multiplication, 64 bytes a step: Gopal and others, "Fast CRC Computation for
 * Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009, with its bit-reflected constants.
 *
 * Four 128-bit remainders are carried along; each step moves them 512 bits on and adds the next 64
 * bytes. Moving the two halves of x by n bits multiplies them with x^(n+32) and x^(n-32) mod P. The
 * last 16 bytes are a message with the same remainder, which the table finishes: no reduction here. */
#if defined(__x86_64__)
#include "../crc32.h"
#include <cpuid.h>
#include <immintrin.h>

int mbq_crc32_has_steps(void) {
  const uint32_t pclmul = 1u << 1, sse41 = 1u << 19;
  uint32_t a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & pclmul) && (c & sse41);
}

#pragma clang attribute push(__attribute__((target("pclmul,sse4.1"))), apply_to = function)

static inline __m128i moved(__m128i x, __m128i by, __m128i next) {
  return _mm_xor_si128(next, _mm_xor_si128(_mm_clmulepi64_si128(x, by, 0x00),
                                           _mm_clmulepi64_si128(x, by, 0x11)));
}

size_t mbq_crc32_whole_steps(uint32_t *state, const uint8_t *p, size_t count) {
  const __m128i by512 = _mm_set_epi64x(0x01C6E41596, 0x0154442BD4);
  const __m128i by128 = _mm_set_epi64x(0x00CCAA009E, 0x01751997D0);
  const size_t steps = count / 64;
  if (steps == 0) return 0;
  const __m128i *from = (const __m128i *)p;
  __m128i x[4];
  for (int i = 0; i < 4; i++) x[i] = _mm_loadu_si128(from + i);
  x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int)*state));
  for (size_t s = 1; s < steps; s++) {
    from += 4;
    for (int i = 0; i < 4; i++) x[i] = moved(x[i], by512, _mm_loadu_si128(from + i));
  }
  for (int i = 1; i < 4; i++) x[0] = moved(x[0], by128, x[i]);
  uint8_t remainder[16];
  _mm_storeu_si128((__m128i *)remainder, x[0]);
  *state = mbq_crc32_by_table(0, remainder, sizeof remainder);
  return steps * 64;
}

#pragma clang attribute pop
#endif
