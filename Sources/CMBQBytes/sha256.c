/* SHA-256 (FIPS 180-4): the digest of a packed model, checked on devices that have no library for it. */
#include "mbq_bytes.h"

static const uint32_t constants[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2};

static uint32_t rotated(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void block(uint32_t h[8], const uint8_t *p) {
  uint32_t w[64];
  for (int i = 0; i < 16; i++, p += 4)
    w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
  for (int i = 16; i < 64; i++) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (rotated(a, 7) ^ rotated(a, 18) ^ a >> 3) + w[i - 7] +
           (rotated(b, 17) ^ rotated(b, 19) ^ b >> 10);
  }
  uint32_t s[8];
  __builtin_memcpy(s, h, sizeof s);
  /* Eight rounds bring every variable back to its place, so that nothing is moved around. */
#define ROUND(i, a, b, c, d, e, f, g, h)                                                         \
  do {                                                                                           \
    uint32_t t = s[h] + (rotated(s[e], 6) ^ rotated(s[e], 11) ^ rotated(s[e], 25)) +             \
                 ((s[e] & s[f]) ^ (~s[e] & s[g])) + constants[i] + w[i];                         \
    s[d] += t;                                                                                   \
    s[h] = t + (rotated(s[a], 2) ^ rotated(s[a], 13) ^ rotated(s[a], 22)) +                      \
           ((s[a] & s[b]) ^ (s[a] & s[c]) ^ (s[b] & s[c]));                                      \
  } while (0)
  for (int i = 0; i < 64; i += 8) {
    ROUND(i, 0, 1, 2, 3, 4, 5, 6, 7);
    ROUND(i + 1, 7, 0, 1, 2, 3, 4, 5, 6);
    ROUND(i + 2, 6, 7, 0, 1, 2, 3, 4, 5);
    ROUND(i + 3, 5, 6, 7, 0, 1, 2, 3, 4);
    ROUND(i + 4, 4, 5, 6, 7, 0, 1, 2, 3);
    ROUND(i + 5, 3, 4, 5, 6, 7, 0, 1, 2);
    ROUND(i + 6, 2, 3, 4, 5, 6, 7, 0, 1);
    ROUND(i + 7, 1, 2, 3, 4, 5, 6, 7, 0);
  }
#undef ROUND
  for (int i = 0; i < 8; i++) h[i] += s[i];
}

void mbq_sha256(const void *bytes, size_t count, uint8_t digest[32]) {
  uint32_t h[8] = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                   0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
  const uint8_t *p = bytes;
  size_t rest = count;
  for (; rest >= 64; rest -= 64, p += 64) block(h, p);
  uint8_t tail[128] = {0};
  if (rest > 0) __builtin_memcpy(tail, p, rest);
  tail[rest] = 0x80;
  const size_t end = rest < 56 ? 64 : 128;
  const uint64_t bits = (uint64_t)count * 8;
  for (int i = 0; i < 8; i++) tail[end - 1 - i] = (uint8_t)(bits >> 8 * i);
  for (size_t at = 0; at < end; at += 64) block(h, tail + at);
  for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}
