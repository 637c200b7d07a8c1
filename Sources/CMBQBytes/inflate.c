/* Inflates a zlib stream (RFC 1950, 1951) into exactly `capacity` bytes: the runtime reads compressed
 * sections where there is no library. Codes of up to FAST_BITS are looked up, longer ones decoded bit by
 * bit from the counts of each length. Every index is bounded before it is used, and the work by the
 * input's and the output's lengths. */
#include "mbq_bytes.h"

#ifdef MBQ_SMALL /* a third slower, and 4 kB less */
#define INLINE static
#else
#define INLINE static inline __attribute__((always_inline))
#endif

/* Quantized weights have few codes that are longer. */
enum { FAST_BITS = 10 };

typedef struct {
  const uint8_t *input;
  size_t input_count, at;
  uint64_t bits;  /* bit_count of them are taken from the input; those above are what comes next, or 0 */
  int bit_count;
  uint8_t *output;
  size_t capacity, written;
  int failed;
} stream;

typedef struct {
  uint16_t count[16];    /* codes of each length */
  uint16_t symbol[288];  /* in the order of their codes */
  uint16_t fast[1 << FAST_BITS];  /* by the next bits: symbol << 4 | length; 0: none, or a longer code */
} codes;

INLINE void refill(stream *s) {
  if (s->input_count - s->at >= 8) {
    uint64_t next = 0;
    __builtin_memcpy(&next, s->input + s->at, 8);
    s->bits |= next << s->bit_count;
    s->at += (size_t)(63 - s->bit_count) >> 3;
    s->bit_count |= 56;
    return;
  }
  for (; s->bit_count <= 56 && s->at < s->input_count; s->bit_count += 8)
    s->bits |= (uint64_t)s->input[s->at++] << s->bit_count;
}

INLINE uint32_t take(stream *s, int n) {
  if (s->bit_count < n) {
    refill(s);
    if (s->bit_count < n) {
      s->failed = 1;
      return 0;
    }
  }
  const uint32_t value = (uint32_t)s->bits & ((1u << n) - 1);
  s->bits >>= n;
  s->bit_count -= n;
  return value;
}

/* Goes on at the next whole byte. */
static void drop_bits(stream *s) {
  s->at -= (size_t)s->bit_count / 8;
  s->bits = 0;
  s->bit_count = 0;
}

static void make_fast(codes *c, const uint8_t *lengths, int n) {
  uint16_t next[16];
  int code = 0;
  for (int i = 0; i < 1 << FAST_BITS; i++) c->fast[i] = 0;
  for (int i = 1; i < 16; i++) {
    next[i] = (uint16_t)code;
    code = (code + c->count[i]) << 1;
  }
  for (int i = 0; i < n; i++) {
    const int length = lengths[i];
    if (length == 0) continue;
    uint32_t reversed = 0;
    for (int b = 0; b < length; b++) reversed |= (uint32_t)(next[length] >> b & 1) << (length - 1 - b);
    next[length]++;
    if (length > FAST_BITS) continue;
    for (; reversed < 1u << FAST_BITS; reversed += 1u << length)
      c->fast[reversed] = (uint16_t)(i << 4 | length);
  }
}

/* 2 for a complete prefix code; 1 for a single code of one bit or none at all, which RFC 1951 allows for
 * distances; 0 for lengths that are over-subscribed or leave codes without a symbol. */
static int make_codes(codes *c, const uint8_t *lengths, int n) {
  uint16_t place[16];
  for (int i = 0; i < 16; i++) c->count[i] = 0;
  for (int i = 0; i < n; i++) c->count[lengths[i]]++;
  const int used = n - c->count[0];
  c->count[0] = 0;
  int left = 1;
  for (int i = 1; i < 16; i++) {
    left = (left << 1) - c->count[i];
    if (left < 0) return 0;
  }
  place[1] = 0;
  for (int i = 1; i < 15; i++) place[i + 1] = (uint16_t)(place[i] + c->count[i]);
  for (int i = 0; i < n; i++)
    if (lengths[i] != 0) c->symbol[place[lengths[i]]++] = (uint16_t)i;
  make_fast(c, lengths, n);
  if (left == 0) return 2;
  return used == 0 || (used == 1 && c->count[1] == 1);
}

/* Bit by bit, of the bits there are: what the table does not have, as symbol << 4 | length, or -1. The
 * stream is not passed, so that it stays in registers. */
static __attribute__((noinline)) int long_code(uint64_t bits, int bit_count, const codes *c) {
  int code = 0, first = 0, index = 0;
  for (int length = 1; length < 16 && length <= bit_count; length++, bits >>= 1) {
    code |= (int)(bits & 1);
    const int count = c->count[length];
    if (code - count < first) return c->symbol[index + code - first] << 4 | length;
    index += count;
    first = (first + count) << 1;
    code <<= 1;
  }
  return -1;
}

INLINE int symbol_of(stream *s, const codes *c) {
  if (s->bit_count < 15) refill(s);
  int found = c->fast[s->bits & ((1u << FAST_BITS) - 1)];
  if (found == 0 || (found & 15) > s->bit_count) found = long_code(s->bits, s->bit_count, c);
  if (found < 0) {
    s->failed = 1;
    return -1;
  }
  s->bits >>= found & 15;
  s->bit_count -= found & 15;
  return found >> 4;
}

static const uint16_t length_base[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                         31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                         2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t distance_base[30] = {1,    2,    3,    4,    5,    7,     9,     13,    17,   25,
                                           33,   49,   65,   97,   129,  193,   257,   385,   513,  769,
                                           1025, 1537, 2049, 3073, 4097, 6145,  8193,  12289, 16385, 24577};
static const uint8_t distance_extra[30] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                           6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

/* `s` is taken apart into registers, which the output's bytes cannot alias. */
static stream compressed(stream from, const codes *literals, const codes *distances) {
  stream whole = from, *const s = &whole;
  while (!s->failed) {
    int symbol = symbol_of(s, literals);
    if (s->failed || symbol == 256) return whole;
    if (symbol < 256) {
      if (s->written == s->capacity) break;
      s->output[s->written++] = (uint8_t)symbol;
      continue;
    }
    if ((symbol -= 257) >= 29) break;
    const size_t length = length_base[symbol] + take(s, length_extra[symbol]);
    const int code = symbol_of(s, distances);
    if (s->failed || code >= 30) break;
    const size_t distance = distance_base[code] + take(s, distance_extra[code]);
    if (s->failed || distance > s->written || length > s->capacity - s->written) break;
    for (size_t i = 0; i < length; i++, s->written++)
      s->output[s->written] = s->output[s->written - distance];
  }
  s->failed = 1;
  return whole;
}

static void stored(stream *s) {
  drop_bits(s);
  if (s->input_count - s->at < 4) {
    s->failed = 1;
    return;
  }
  const uint8_t *p = s->input + s->at;
  const size_t count = p[0] | (size_t)p[1] << 8, check = p[2] | (size_t)p[3] << 8;
  s->at += 4;
  if (count != (~check & 0xFFFF) || count > s->input_count - s->at ||
      count > s->capacity - s->written) {
    s->failed = 1;
    return;
  }
  if (count > 0) __builtin_memcpy(s->output + s->written, s->input + s->at, count);
  s->at += count;
  s->written += count;
}

static void fixed(stream *s) {
  uint8_t lengths[288 + 30];
  for (int i = 0; i < 288; i++) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  for (int i = 0; i < 30; i++) lengths[288 + i] = 5;
  codes literals, distances;
  make_codes(&literals, lengths, 288);
  make_codes(&distances, lengths + 288, 30);
  *s = compressed(*s, &literals, &distances);
}

static void dynamic(stream *s) {
  static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  const int literal_count = (int)take(s, 5) + 257, distance_count = (int)take(s, 5) + 1;
  const int length_count = (int)take(s, 4) + 4;
  uint8_t lengths[320] = {0};
  codes literals, distances;
  for (int i = 0; i < length_count; i++) lengths[order[i]] = (uint8_t)take(s, 3);
  s->failed |= literal_count > 286 || distance_count > 30 || make_codes(&literals, lengths, 19) != 2;
  if (s->failed) return;
  const int total = literal_count + distance_count;
  int i = 0;
  while (i < total) {
    const int symbol = symbol_of(s, &literals);
    if (s->failed) return;
    if (symbol < 16) {
      lengths[i++] = (uint8_t)symbol;
      continue;
    }
    const uint8_t value = symbol == 16 && i > 0 ? lengths[i - 1] : 0;
    const int times = symbol == 16 ? 3 + (int)take(s, 2) : symbol == 17 ? 3 + (int)take(s, 3)
                                                                        : 11 + (int)take(s, 7);
    s->failed |= times > total - i || (symbol == 16 && i == 0);
    if (s->failed) return;
    for (int end = i + times; i < end; i++) lengths[i] = value;
  }
  s->failed |= lengths[256] == 0 || !make_codes(&literals, lengths, literal_count) ||
               !make_codes(&distances, lengths + literal_count, distance_count);
  if (!s->failed) *s = compressed(*s, &literals, &distances);
}

/* RFC 1950: two bytes before, the Adler-32 of the output behind, and nothing else. */
int mbq_inflate(const void *input, size_t count, void *output, size_t capacity) {
  stream s = {.input = input, .input_count = count, .output = output, .capacity = capacity};
  if (count < 6) return 0;
  const uint32_t head = (uint32_t)s.input[0] << 8 | s.input[1];
  /* Deflate, a window of at most 2^15, no preset dictionary. */
  if (head % 31 != 0 || (head & 0x0F00) != 0x0800 || head >> 12 > 7 || (head & 0x20) != 0) return 0;
  s.at = 2;
  uint32_t last = 0;
  while (!last && !s.failed) {
    last = take(&s, 1);
    switch (take(&s, 2)) {
    case 0: stored(&s); break;
    case 1: fixed(&s); break;
    case 2: dynamic(&s); break;
    default: s.failed = 1;
    }
  }
  drop_bits(&s);
  if (s.failed || s.written != capacity || s.input_count - s.at != 4) return 0;
  uint32_t a = 1, b = 0;
  /* So many steps that neither sum leaves 32 bits (RFC 1950's reference code has the bound). */
  for (size_t i = 0; i < capacity;) {
    const size_t end = capacity - i < 5552 ? capacity : i + 5552;
    for (; i < end; i++) b += a += s.output[i];
    a %= 65521;
    b %= 65521;
  }
  const uint8_t *p = s.input + s.at;
  return (b << 16 | a) == ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}
