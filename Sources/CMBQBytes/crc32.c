/* CRC-32, sixteen bytes a step: Kounavis and Berry, "A systematic approach to building high
 * performance software-based CRC generators", 2005; faster where the processor has
 * something for it. */
#include "crc32.h"

/* table[i][b]: the remainder of byte b followed by i zero bytes, polynomial 0xEDB88320 (reflected). */
#ifdef MBQ_SMALL /* a byte a step, and 15 kB less */
static const uint32_t table[1][256] = {
#else
static const uint32_t table[16][256] = {
#endif
#include "crc32_table.inc"
};

uint32_t mbq_crc32_by_table(uint32_t state, const uint8_t *p, size_t count) {
#ifndef MBQ_SMALL
  for (; count >= 16; count -= 16, p += 16) {
    uint32_t next = 0;
    const uint32_t head = state ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                                   (uint32_t)p[3] << 24);
    for (int i = 0; i < 4; i++) next ^= table[15 - i][head >> 8 * i & 255];
    for (int i = 4; i < 16; i++) next ^= table[15 - i][p[i]];
    state = next;
  }
#endif
  for (; count > 0; count--, p++) state = state >> 8 ^ table[0][(state ^ *p) & 255];
  return state;
}

uint32_t mbq_crc32(uint32_t crc, const void *bytes, size_t count) {
  const uint8_t *p = bytes;
  uint32_t state = ~crc;
#if defined(__x86_64__) || defined(__aarch64__)
  /* Asking the processor takes longer than a few bytes. */
  if (count >= 256 && mbq_crc32_has_steps()) {
    const size_t done = mbq_crc32_whole_steps(&state, p, count);
    p += done;
    count -= done;
  }
#endif
  return ~mbq_crc32_by_table(state, p, count);
}
