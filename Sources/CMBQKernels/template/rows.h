/* Rows are put on the grid, multiplied and finished so many at a time. */
enum { BLOCK_ROWS = MBQ_MAX_ROWS };

#ifndef HAS_UNSIGNED
#define HAS_UNSIGNED 0
#endif

/* What is done to whole rows: the step of the int8 grid, LayerNorm, widening of stored rows. */

/* The largest |x| as bits: as integers, magnitudes compare like floats and NaNs come out largest. */
INLINE v16i magnitude_max(v16i m, v16f x) {
  return __builtin_elementwise_max(m, (v16i)x & 0x7FFFFFFF);
}

typedef struct { float scale, inverse; } row_step;

/* (1): scale = amax / 127 and 127 / amax, or (5) those of a `fixed` step. A row of (nearly) nothing gets
 * 0 for both; one that is not finite gets a scale of NaN, which reaches the logits and is reported
 * there. */
INLINE row_step row_step_of(int32_t amax_bits, float fixed) {
  if (amax_bits >= 0x7F800000) return (row_step){__builtin_nanf(""), 0.0f};
  if (fixed != 0.0f) return (row_step){fixed, 1.0f / fixed};
  float amax;
  __builtin_memcpy(&amax, &amax_bits, 4);
  if (amax < 0x1p-100f) return (row_step){0.0f, 0.0f};
  return (row_step){amax / 127.0f, 127.0f / amax};
}

/* (2): x on the grid. It needs no clamp unless the step is fixed: |x| <= amax, so |x * inverse| is at most
 * 127 and two roundings, which rounds to 127. An inverse of 0 gives 0, whatever x is. */
INLINE v16i on_grid(v16f x, float inverse, float fixed) {
  if (inverse == 0.0f) return (v16i){0};
  x = x * inverse;
  if (fixed != 0.0f) {
    x = max16(x, splat(-127.0f));
    x = select16(x > 127.0f, splat(127.0f), x);
  }
  return rint16(x);
}

/* row_step_of, sixteen rows at a time, `levels` on either side of 0. */
INLINE void row_steps_of(v16i amax_bits, float levels, float fixed, float *scales,
                         float *inverses) {
  const v16f amax = (v16f)amax_bits, zero = splat(0.0f);
  const v16i finite = amax_bits < 0x7F800000, large = amax_bits >= 0x0D800000; /* 2^-100 */
  v16f scale = select16(large, amax / levels, zero);
  v16f inverse = select16(large, levels / amax, zero);
  if (fixed != 0.0f) scale = splat(fixed), inverse = splat(1.0f / fixed);
  store16(scales, select16(finite, scale, splat(__builtin_nanf(""))));
  store16(inverses, select16(finite, inverse, zero));
}

/* (6): 254 times the first, plus the second; both within -127 ... 127. The division of at most 32511 by
 * 254 is exact: 33027 * 254 = 2^23 + 250, and 32511 * 250 < 2^23. */
INLINE v16i high_part(v16i q) {
  const v16i sign = q >> 31;
  const v16i h = (((q ^ sign) - sign) + 126) * 33027 >> 23;
  return (h ^ sign) - sign;
}

/* Lane i: the largest lane of m[i]. Two vectors become one of half sums at each level. */
INLINE v16i max_lanes(const v16i m[16]) {
  v16i a[8], b[4], c[2];
#define HALVES(x, y, ...)                                                                        \
  __builtin_elementwise_max(__builtin_shufflevector(x, y, __VA_ARGS__)
#define MERGE8(x, y)                                                                             \
  HALVES(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),                          \
      __builtin_shufflevector(x, y, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
#define MERGE4(x, y)                                                                             \
  HALVES(x, y, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27),                        \
      __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31))
#define MERGE2(x, y)                                                                             \
  HALVES(x, y, 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29),                        \
      __builtin_shufflevector(x, y, 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31))
#define MERGE1(x, y)                                                                             \
  HALVES(x, y, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30),                       \
      __builtin_shufflevector(x, y, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31))
  UNROLL for (int i = 0; i < 8; i++) a[i] = MERGE8(m[2 * i], m[2 * i + 1]);
  UNROLL for (int i = 0; i < 4; i++) b[i] = MERGE4(a[2 * i], a[2 * i + 1]);
  UNROLL for (int i = 0; i < 2; i++) c[i] = MERGE2(b[2 * i], b[2 * i + 1]);
  return MERGE1(c[0], c[1]);
}

#ifndef ACT_PLACE
/* Where activation `k` of a row goes; `k` is a multiple of 16. */
#define ACT_PLACE(base, stride, row, k) ((base) + (row) * (stride) + (k) * ACT_BYTES)
#endif

#ifndef STORE_ACTIVATIONS64
/* 64 of them at once, where a set can do that better than four times 16. */
#define STORE_ACTIVATIONS64(p, a, b, c, d)                                                       \
  (store_activations(p, rint16(a)), store_activations((p) + 16 * ACT_BYTES, rint16(b)),          \
   store_activations((p) + 32 * ACT_BYTES, rint16(c)),                                           \
   store_activations((p) + 48 * ACT_BYTES, rint16(d)))
#endif

/* How a block of rows is stored: as the set's dot product wants them, or as bytes 0 ... 127. */
typedef enum { ROWS_SIGNED, ROWS_UNSIGNED } row_format;

/* Puts `rows` rows (at most BLOCK_ROWS) of `width` floats on the grid, as the set's dot product wants them;
 * as unsigned bytes if `may_be_unsigned` and no number of theirs is negative, as behind a ReLU. With a
 * `fixed` step, every row has it. With `wide` (and half as many rows), row r is stored as rows r and
 * rows + r: (6). */
static NOINLINE row_format SET(quantize_rows)(const float *x, size_t stride, uint32_t rows,
                                              uint32_t width, uint8_t *destination,
                                              size_t destination_stride, float *scales,
                                              int may_be_unsigned, float fixed, uint32_t wide) {
  _Alignas(64) float inverses[16], steps[16];
  v16i m[16] = {{0}}, signs = {0};
  for (uint32_t r = 0; r < rows; r++) {
    const float *row = x + r * stride;
    v16i even = {0}, odd = {0};
    uint32_t k = 0;
    for (; k + 32 <= width; k += 32) {
      const v16f a = load16(row + k), b = load16(row + k + 16);
      if (HAS_UNSIGNED) signs |= (v16i)a | (v16i)b;
      even = magnitude_max(even, a);
      odd = magnitude_max(odd, b);
    }
    for (; k < width; k += 16) {
      const v16f a = load16(row + k);
      if (HAS_UNSIGNED) signs |= (v16i)a;
      even = magnitude_max(even, a);
    }
    m[r] = __builtin_elementwise_max(even, odd);
  }
  row_steps_of(max_lanes(m), wide ? 32385.0f : 127.0f, fixed, steps, inverses);
#if HAS_UNSIGNED
  const row_format format =
      may_be_unsigned && !wide && __builtin_reduce_or(signs) >= 0 ? ROWS_UNSIGNED : ROWS_SIGNED;
#else
  const row_format format = ROWS_SIGNED;
  (void)may_be_unsigned;
  (void)signs;
#endif
  for (uint32_t r = 0; r < rows; r++) {
    const float *row = x + r * stride, inverse = inverses[r];
    uint32_t k = 0;
    scales[r] = steps[r];
#if HAS_UNSIGNED
    if (format == ROWS_UNSIGNED) {
      uint8_t *to = destination + r * destination_stride;
      for (; k < width; k += 16) store_unsigned(to + k, on_grid(load16(row + k), inverse, fixed));
      continue;
    }
#endif
    if (wide) {
      for (; k < width; k += 16) {
        const v16i q = on_grid(load16(row + k), inverse, 0.0f), high = high_part(q);
        store_activations(ACT_PLACE(destination, destination_stride, r, k), high);
        store_activations(ACT_PLACE(destination, destination_stride, rows + r, k),
                          q - high * 254);
      }
      continue;
    }
#if !defined(MBQ_SMALL) && !defined(WITHOUT_PEAK)
    if (inverse != 0.0f && fixed == 0.0f) {
      for (; k + 64 <= width; k += 64) {
        STORE_ACTIVATIONS64(ACT_PLACE(destination, destination_stride, r, k),
                            load16(row + k) * inverse, load16(row + k + 16) * inverse,
                            load16(row + k + 32) * inverse, load16(row + k + 48) * inverse);
      }
    }
#endif
    for (; k < width; k += 16) {
      store_activations(ACT_PLACE(destination, destination_stride, r, k),
                        on_grid(load16(row + k), inverse, fixed));
    }
  }
  return format;
}

/* Lanes below `count` of the block that starts at `column`. */
INLINE v16i lanes_below(uint32_t column, uint32_t count) {
  const v16i lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return lane + (int32_t)column < (int32_t)count;
}

/* (10): LayerNorm in place over the first `width` columns; sixteen strided sums, then the tree. */
INLINE void layer_norm_row(float *row, uint32_t width, const float *gamma, const float *beta,
                           float epsilon) {
  v16f total = splat(0.0f);
  for (uint32_t j = 0; j < width; j += 16) {
    total = total + select16(lanes_below(j, width), load16(row + j), splat(0.0f));
  }
  float mean = sum16(total) / (float)width;
  v16f squares = splat(0.0f);
  for (uint32_t j = 0; j < width; j += 16) {
    v16f d = load16(row + j) - mean;
    d = select16(lanes_below(j, width), d, splat(0.0f));
    squares = squares + d * d;
  }
  float inverse = 1.0f / __builtin_elementwise_sqrt(sum16(squares) / (float)width + epsilon);
  for (uint32_t j = 0; j < width; j += 16) {
    v16f d = (load16(row + j) - mean) * inverse;
    store16(row + j, d * load16(gamma + j) + load16(beta + j));
  }
}

static void SET(norm)(const mbq_norm *a) {
  for (uint32_t r = 0; r < a->rows; r++) {
    const float *x = a->input + r * a->input_stride;
    const float *residual = a->residual ? a->residual + r * a->residual_stride : NULL;
    float *y = a->output + r * a->output_stride;
    for (uint32_t j = 0; j < a->width; j += 16) {
      v16f v = load16(x + j);
      if (residual) v = v + load16(residual + j);
      if (a->norm == MBQ_NORM_NO_NORM) v = v * load16(a->gamma + j) + load16(a->beta + j);
      store16(y + j, v);
    }
    if (a->norm == MBQ_NORM_LAYER_NORM) layer_norm_row(y, a->width, a->gamma, a->beta, a->epsilon);
  }
}

/* A stored row of `width` elements may end anywhere, so its last block is copied before it is read. */
static void SET(widen_row)(float *output, const void *row, float scale, uint32_t width,
                           uint32_t kind, int accumulate, mbq_levels levels) {
  const uint32_t bits = kind == MBQ_ROW_F32   ? 32
                        : kind == MBQ_ROW_F16 ? 16
                        : kind == MBQ_ROW_I8  ? 8
                                              : levels.bits;
  for (uint32_t j = 0; j < width; j += 16) {
    _Alignas(64) uint8_t block[64] = {0};
    const uint8_t *p = (const uint8_t *)row + (size_t)j / 8 * bits;
    if (width - j < 16) {
      const uint32_t stored = kind == MBQ_ROW_LEVELS ? level_row_columns(bits, width - j) : width - j;
      __builtin_memcpy(block, p, stored * bits / 8);
      p = block;
    }
    int8_t bytes[16];
    if (kind == MBQ_ROW_LEVELS) {
      widen_row_levels(bits, p, levels.groups[j / levels.group_size], width - j, bytes);
      p = (const uint8_t *)bytes;
    }
    v16f v;
    if (kind == MBQ_ROW_F32) {
      v = load16((const float *)p);
    } else if (kind == MBQ_ROW_F16) {
      v = widen_half(p);
    } else {
      v = __builtin_convertvector(*(const v16b_unaligned *)p, v16f) * scale;
    }
    store16(output + j, accumulate ? load16(output + j) + v : v);
  }
}

/* Four inputs of 16 channels at a time; levels are widened a stored block of them at a time. */
static void SET(column_sums)(const void *weights, uint32_t inputs, uint32_t outputs, int32_t *sums,
                             mbq_levels levels) {
  const uint32_t steps = (inputs + 3) / 4;
  const uint32_t together = levels.group_size ? level_columns(levels.bits) / 4 : 1;
  const int8_t *from = weights;
  _Alignas(64) int8_t widened[LEVEL_COLUMNS_MOST * 16];
#ifndef MULTIPLY_TILE_I8
  /* A product with ones: what a set stores as 1 is 1 less its offset. */
  _Alignas(64) uint8_t one[16 * ACT_BYTES];
  store_activations(one, isplat(ACT_OFFSET ? 1 - 128 : 1));
  const act4 ones = load_act(one);
#endif
  for (uint32_t n = 0; n < outputs; n += 16) {
#ifndef MULTIPLY_TILE_I8
    acc16 total = acc_zero();
#else
    int32_t total[16] = {0};
#endif
    for (uint32_t s = 0; s < steps; s++) {
      const int8_t *w = from;
      if (levels.group_size == 0) {
        from += 64;
      } else {
        if (s * 4 % levels.group_size == 0 && s > 0) levels.groups += 16;
        if (s % together == 0) {
          SET(widen_panel)((const uint8_t *)from, levels, together * 4, widened);
          from += together * 8 * levels.bits;
        }
        w = widened + s % together * 64;
      }
#ifndef MULTIPLY_TILE_I8
      total = dot4(total, ones, load_weights(w));
#else
      for (int i = 0; i < 16; i++) total[i] += w[4 * i] + w[4 * i + 1] + w[4 * i + 2] + w[4 * i + 3];
#endif
    }
    if (levels.group_size) levels.groups += 16;
#ifndef MULTIPLY_TILE_I8
    *(v16i_unaligned *)(sums + n) = acc_value(total) * 128;
#else
    for (int i = 0; i < 16; i++) sums[n + i] = 128 * total[i];
#endif
  }
}
