/* Weights of fewer bits than 8, widened to the int8 weights they stand for (8).
 *
 * A panel stores so many steps of 16 channels x 4 inputs together as fill whole 64 bytes: each byte has the
 * levels of one channel and one input of 2 (4 bits) or 4 steps (2 bits), the first step in the lowest ones.
 * Of 3 bits, 8 steps have their lower two bits in 128 bytes like that, and their highest in 64 more. A row
 * of a table is stored in the same way, with one column a step, so that 1 byte stands for each 64. */

enum { LEVEL_COLUMNS_MOST = 32 };

/* A panel is widened once for many rows: where every byte counts, one loop has to do. */
#ifdef MBQ_SMALL
#define LEVELS_UNROLL
#else
#define LEVELS_UNROLL UNROLL
#endif

/* Columns of a panel that are stored together. */
INLINE uint32_t level_columns(uint32_t bits) { return bits == 3 ? 32 : 32 / bits; }

/* `count` columns of a table's row with those that pad them. */
INLINE uint32_t level_row_columns(uint32_t bits, uint32_t count) {
  const uint32_t together = level_columns(bits) / 4;
  return (count + together - 1) / together * together;
}

/* The levels of 16 channels in one group, as bytes and pairs of bytes of 4 inputs a channel. */
typedef struct { v64b offset; v32u multiplier; } group16;

/* `p` has a byte a channel. Levels times multipliers stay below 2^8, so that one multiplication of 16 bits
 * is two of 8. */
INLINE group16 load_group(const uint8_t *p) {
  const v16u bytes = __builtin_convertvector(*(const v16bu_unaligned *)p, v16u), m = bytes & 15;
  return (group16){(v64b)(m * (bytes >> 4) * 0x01010101), (v32u)(m * 0x00010001)};
}

INLINE v32u load_levels(const uint8_t *p) { return *(const v32u_unaligned *)p; }

/* One step: 64 levels to as many bytes. */
INLINE void widen_step(v32u q, const group16 *group, int8_t *to) {
  *(v64b_unaligned *)to = (v64b)(q * group->multiplier) - group->offset;
}

/* What is stored together, from `p` on. */
INLINE void widen_together(const uint32_t bits, const uint8_t *p, const group16 *group, int8_t *to) {
  const uint32_t low_bits = bits == 3 ? 2 : bits, steps = 8 / low_bits;
  const uint16_t mask = ((1u << low_bits) - 1) * 0x0101;
  LEVELS_UNROLL for (uint32_t s = 0; s < level_columns(bits) / 4; s++) {
    v32u q = load_levels(p + s / steps * 64) >> s % steps * low_bits & mask;
    if (bits == 3) q |= (load_levels(p + 128) >> s & 0x0101) << 2;
    widen_step(q, group, to + 64 * s);
  }
}

INLINE void widen_levels(const uint32_t bits, const uint8_t *p, mbq_levels levels, uint32_t inputs,
                         int8_t *to) {
  const uint32_t together = level_columns(bits);
  for (uint32_t k = 0; k < inputs; levels.groups += 16) {
    const group16 group = load_group(levels.groups);
    const uint32_t end = inputs - k < levels.group_size ? inputs : k + levels.group_size;
    for (; k < end; k += together, p += together * 2 * bits, to += together * 16)
      widen_together(bits, p, &group, to);
  }
}

/* A panel of levels, its inputs rounded up to what is stored together, as the int8 panel it stands for. */
static NOINLINE void SET(widen_panel)(const uint8_t *p, mbq_levels levels, uint32_t inputs,
                                      int8_t *to) {
#ifdef MBQ_SMALL
  widen_levels(levels.bits, p, levels, inputs, to);
#else
  switch (levels.bits) {
  case 2: widen_levels(2, p, levels, inputs, to); break;
  case 3: widen_levels(3, p, levels, inputs, to); break;
  default: widen_levels(4, p, levels, inputs, to);
  }
#endif
}

/* The level of column `i` of a table's row. */
INLINE uint32_t row_level(uint32_t bits, const uint8_t *p, uint32_t i) {
  if (bits != 3) return p[i * bits / 8] >> i * bits % 8 & ((1u << bits) - 1);
  const uint8_t *eight = p + i / 8 * 3;
  return (eight[i % 8 / 4] >> i % 4 * 2 & 3u) | (eight[2] >> i % 8 & 1u) << 2;
}

/* The first `count` of 16 columns of a table's row, zeros behind them. */
INLINE void widen_row_levels(uint32_t bits, const uint8_t *p, uint32_t group, uint32_t count,
                             int8_t *to) {
  const uint32_t m = group & 15, z = group >> 4;
  for (uint32_t i = 0; i < 16; i++)
    to[i] = i < count ? (int8_t)(m * (row_level(bits, p, i) - z)) : 0;
}
