/* output = norm(activation(input * W^T + bias) + residual), one block of rows at a time: the rows are
 * put on the grid, multiplied with every panel of 16 or 32 output channels, and rescaled, activated,
 * added and normalized before the next block is touched, so that they stay in the first cache. */

typedef struct { uint32_t first, count; } row_block;

/* Block `i` of `rows` rows split evenly into blocks of at most `most`. */
INLINE row_block block_of(uint32_t i, uint32_t blocks, uint32_t rows) {
  uint32_t small = rows / blocks, large = rows % blocks;
  return i < large ? (row_block){i * (small + 1), small + 1}
                   : (row_block){i * small + large, small};
}

/* A block's sums pass from the product to what follows through memory that never leaves the first
 * cache: [row][column of the tile]. That keeps one loop for the epilogue instead of one a tile size,
 * and a block may be taller than what a product holds in registers. */
enum { TILE_COLUMNS = 16 * (I8_PANELS > F32_PANELS ? I8_PANELS : F32_PANELS) };

/* What an epilogue does, known when it is compiled: (4). */
enum { DOES_BIAS = 1, DOES_RELU = 2, DOES_RESIDUAL = 4, DOES_NO_NORM = 8, DOES_OTHER = 16 };

INLINE uint32_t epilogue_of(const mbq_linear *a) {
  return (a->bias ? DOES_BIAS : 0) | (a->residual ? DOES_RESIDUAL : 0) |
         (a->norm == MBQ_NORM_NO_NORM ? DOES_NO_NORM : 0) |
         (a->activation == MBQ_ACTIVATION_RELU ? DOES_RELU
          : a->activation == MBQ_ACTIVATION_NONE ? 0 : DOES_OTHER);
}

/* Rows `b`, columns column ..< column + 16 * panels, of sums `sums`: int32 that are rescaled first, or
 * floats. */
INLINE void finish(const uint32_t does, const int integers, const mbq_linear *a, row_block b,
                   uint32_t column, uint32_t panels, const int32_t *sums, const float *steps) {
  for (uint32_t c = 0; c < panels; c++, column += 16, sums += 16) {
    v16f scale, bias, gamma, beta;
    v16i correction = {0};
    if (integers) scale = load16(a->scales + column);
    if (integers && ACT_OFFSET) correction = *(const v16i *)(a->column_sums + column);
    if (does & DOES_BIAS) bias = load16(a->bias + column);
    if (does & DOES_NO_NORM) gamma = load16(a->gamma + column), beta = load16(a->beta + column);
    for (uint32_t r = 0; r < b.count; r++) {
      const v16i sum = *(const v16i *)(sums + r * TILE_COLUMNS);
      v16f y = (v16f)sum;
      if (integers) y = (__builtin_convertvector(sum - correction, v16f) * scale) * steps[r];
      if (does & DOES_BIAS) y = y + bias;
      if (does & DOES_RELU) y = max16(y, splat(0.0f));
      if (does & DOES_OTHER) y = activate(y, a->activation);
      const size_t row = b.first + r;
      if (does & DOES_RESIDUAL) y = y + load16(a->residual + row * a->residual_stride + column);
      if (does & DOES_NO_NORM) y = y * gamma + beta;
      store16(a->output + row * a->output_stride + column, y);
    }
  }
}

/* The epilogues models have get code of their own; the others decide as they go. */
#ifdef MBQ_SMALL
#define FINISH_CASE(does)
#else
#define FINISH_CASE(does)                                                                        \
  case does: finish(does, integers, a, b, column, panels, sums, steps); break;
#endif
#define FINISH(name, integers_)                                                                  \
  static NOINLINE void SET(name)(uint32_t does, const mbq_linear *a, row_block b,                \
                                 uint32_t column, uint32_t panels, const int32_t *sums,          \
                                 const float *steps) {                                           \
    const int integers = integers_;                                                              \
    switch (does) {                                                                              \
      FINISH_CASE(DOES_BIAS)                                                                     \
      FINISH_CASE(DOES_BIAS | DOES_RELU)                                                         \
      FINISH_CASE(DOES_NO_NORM)                                                                  \
      FINISH_CASE(DOES_RESIDUAL | DOES_NO_NORM)                                                  \
      FINISH_CASE(DOES_BIAS | DOES_RESIDUAL)                                                     \
      FINISH_CASE(DOES_BIAS | DOES_RESIDUAL | DOES_NO_NORM)                                      \
    default: finish(does, integers, a, b, column, panels, sums, steps);                          \
    }                                                                                            \
  }
FINISH(finish_integers, 1)
FINISH(finish_floats, 0)

INLINE void finish_rows(const mbq_linear *a, row_block b) {
  if (a->norm != MBQ_NORM_LAYER_NORM) return;
  for (uint32_t r = b.first; r < b.first + b.count; r++) {
    layer_norm_row(a->output + r * a->output_stride, a->outputs, a->gamma, a->beta, a->epsilon);
  }
}

/* CALL(b, b.count) with a constant for each part `b` of `count` rows that a product takes at once: at
 * most `most`, and rows that a set does not take at once leave no code behind. */
#define ROW_CASE(n, most, CALL)                                                                  \
  case n:                                                                                        \
    if (n <= most) {                                                                             \
      CALL(b, n);                                                                                \
    }                                                                                            \
    break;
#define EACH_PART(count, most, CALL)                                                             \
  for (uint32_t part = 0, parts = (count + most - 1) / most; part < parts; part++) {             \
    const row_block b = block_of(part, parts, count);                                            \
    switch (b.count) {                                                                           \
    ROW_CASE(1, most, CALL)                                                                      \
    ROW_CASE(2, most, CALL)                                                                      \
    ROW_CASE(3, most, CALL)                                                                      \
    ROW_CASE(4, most, CALL)                                                                      \
    ROW_CASE(5, most, CALL)                                                                      \
    ROW_CASE(6, most, CALL)                                                                      \
    ROW_CASE(7, most, CALL)                                                                      \
    ROW_CASE(8, most, CALL)                                                                      \
    ROW_CASE(9, most, CALL)                                                                      \
    ROW_CASE(10, most, CALL)                                                                     \
    ROW_CASE(11, most, CALL)                                                                     \
    ROW_CASE(12, most, CALL)                                                                     \
    }                                                                                            \
  }

#ifndef MULTIPLY_TILE_I8
/* `count` groups of four inputs from group `g` on; moves the rows' pointers behind them. */
INLINE void multiply_groups(const int mr, const int nb, const int count, const uint8_t **base,
                            size_t stride, const int8_t *panels, size_t panel_bytes, uint32_t g,
                            acc16 acc[][I8_PANELS]) {
  UNROLL for (int i = 0; i < count; i++) {
    weights16 w[I8_PANELS];
    UNROLL for (int c = 0; c < nb; c++) w[c] = load_weights(panels + c * panel_bytes + (size_t)(g + i) * 64);
    UNROLL for (int r = 0; r < mr; r++) {
      act4 x = load_act(base[r / 3] + (r % 3) * stride + i * 4 * ACT_BYTES);
      UNROLL for (int c = 0; c < nb; c++) acc[r][c] = dot4(acc[r][c], x, w[c]);
    }
  }
  UNROLL for (int r = 0; r < mr; r += 3) base[r / 3] += count * 4 * ACT_BYTES;
}

/* (3): sums[r][c] = rows (mr of them, `stride` bytes apart) times panels (nb of them). */
INLINE void multiply_tile_i8(const int mr, const int nb, const uint8_t *rows, size_t stride,
                             const int8_t *panels, size_t panel_bytes, uint32_t groups,
                             int32_t *sums) {
  acc16 acc[I8_ROWS][I8_PANELS];
  UNROLL for (int r = 0; r < mr; r++)
    UNROLL for (int c = 0; c < nb; c++) acc[r][c] = acc_zero();
  /* Every third row has a pointer: the rows between are one or two strides on, which an address can say,
   * and the compiler is kept from deriving one pointer from the other, a chain of additions. */
  const uint8_t *base[(I8_ROWS + 2) / 3];
  UNROLL for (int r = 0; r < mr; r += 3) {
    base[r / 3] = rows + r * stride;
    __asm__("" : "+r"(base[r / 3]));
  }
  uint32_t g = 0;
  for (; g + 4 <= groups; g += 4) multiply_groups(mr, nb, 4, base, stride, panels, panel_bytes, g, acc);
  for (; g < groups; g++) multiply_groups(mr, nb, 1, base, stride, panels, panel_bytes, g, acc);
  UNROLL for (int r = 0; r < mr; r++)
    UNROLL for (int c = 0; c < nb; c++)
      *(v16i *)(sums + r * TILE_COLUMNS + 16 * c) = acc_value(acc[r][c]);
}
#endif

/* sums[r][c] = `count` rows on the grid, `stride` bytes apart, times one panel or I8_PANELS of them. */
static NOINLINE void SET(multiply_i8)(uint32_t count, uint32_t panels, const uint8_t *rows,
                                      size_t stride, const int8_t *weights, size_t panel_bytes,
                                      uint32_t groups, int32_t *sums) {
#define TILE(nb, b, mr)                                                                          \
  multiply_tile_i8(mr, nb, rows + b.first * stride, stride, weights, panel_bytes, groups,        \
                   sums + b.first * TILE_COLUMNS)
#define TILE_ALL(b, mr) TILE(I8_PANELS, b, mr)
#define TILE_ONE(b, mr) TILE(1, b, mr)
  if (panels == I8_PANELS) {
    EACH_PART(count, I8_ROWS, TILE_ALL)
  } else {
    EACH_PART(count, I8_ROWS, TILE_ONE)
  }
#undef TILE
#undef TILE_ALL
#undef TILE_ONE
}

#if HAS_UNSIGNED
/* The same for rows that are stored as unsigned bytes, and one panel. */
static NOINLINE void SET(multiply_u8)(uint32_t count, const uint8_t *rows, size_t stride,
                                      const int8_t *weights, uint32_t groups, int32_t *sums) {
#define TILE(b, mr)                                                                              \
  multiply_tile_u8(mr, rows + b.first * stride, stride, weights, groups,                         \
                   sums + b.first * TILE_COLUMNS)
  EACH_PART(count, U8_ROWS, TILE)
#undef TILE
}
#endif

/* (15), (4) up to the step: `count` rows of two sums each become one row of floats. */
INLINE void join_wide(const mbq_linear *a, uint32_t count, uint32_t column, uint32_t panels,
                      int32_t *sums, const float *steps) {
  for (uint32_t c = 0; c < panels; c++, column += 16, sums += 16) {
    const v16f scale = load16(a->scales + column);
    const v16i correction = ACT_OFFSET ? *(const v16i *)(a->column_sums + column) : (v16i){0};
    for (uint32_t r = 0; r < count; r++) {
      const v16i high = *(const v16i *)(sums + r * TILE_COLUMNS) - correction;
      const v16i low = *(const v16i *)(sums + (count + r) * TILE_COLUMNS) - correction;
      const v16f whole =
          __builtin_convertvector(high, v16f) * 254.0f + __builtin_convertvector(low, v16f);
      store16((float *)sums + r * TILE_COLUMNS, (whole * scale) * steps[r]);
    }
  }
}

/* Block `b` of the input times the smoothing, at `stride`. */
INLINE void smooth(const mbq_linear *a, row_block b, float *to, size_t stride) {
  for (uint32_t r = 0; r < b.count; r++) {
    const float *row = a->input + (b.first + r) * a->input_stride;
    for (uint32_t k = 0; k < a->inputs; k += 16)
      store16(to + r * stride + k, load16(row + k) * load16(a->smoothing + k));
  }
}

/* int8 weights: one block of rows at a time. int4 weights: as many blocks as share a widened panel. */
static void SET(linear_i8)(const mbq_linear *a) {
  if (a->rows == 0) return;
  const mbq_linear_layout l = mbq_linear_layout_of(a->inputs, a->group_size, a->smoothing != NULL);
  const size_t inputs16 = (size_t)(a->inputs + 15) / 16 * 16, stride = inputs16 * ACT_BYTES;
  uint8_t *s = a->scratch;
  float *smoothed = (float *)(s + l.smoothed);
  _Alignas(64) int32_t sums[BLOCK_ROWS * TILE_COLUMNS];
  const uint32_t panels = (a->outputs + 15) / 16, groups = (a->inputs + 3) / 4;
  const uint32_t inputs8 = (a->inputs + 7) / 8 * 8;
  const size_t group_bytes =
      a->group_size ? (size_t)((a->inputs + a->group_size - 1) / a->group_size) * 16 : 0;
  const size_t panel_bytes = a->group_size ? (size_t)inputs8 * 16 : (size_t)groups * 64;
  const uint32_t most = a->wide ? BLOCK_ROWS / 2 : BLOCK_ROWS;
  const uint32_t blocks = (a->rows + most - 1) / most, does = epilogue_of(a);
  for (uint32_t first = 0, shared; first < blocks; first += shared) {
    shared = blocks - first < l.blocks ? blocks - first : l.blocks;
    float steps[MBQ_SHARED_BLOCKS][BLOCK_ROWS];
    row_format formats[MBQ_SHARED_BLOCKS];
    for (uint32_t i = 0; i < shared; i++) {
      const row_block b = block_of(first + i, blocks, a->rows);
      const float *x = a->input + b.first * a->input_stride;
      if (a->smoothing) smooth(a, b, smoothed, inputs16);
      formats[i] = SET(quantize_rows)(
          a->smoothing ? smoothed : x, a->smoothing ? inputs16 : a->input_stride, b.count,
          a->inputs, s + i * BLOCK_ROWS * stride, stride, steps[i], HAS_UNSIGNED, a->step, a->wide);
    }
    for (uint32_t p = 0, count; p < panels; p += count) {
      count = p + I8_PANELS <= panels ? I8_PANELS : 1;
      const int8_t *weights = (const int8_t *)a->weights + p * panel_bytes;
      if (a->group_size) {
        weights = (const int8_t *)(s + l.panels);
        for (uint32_t c = 0; c < count; c++)
          SET(widen_panel)((const uint8_t *)a->weights + (p + c) * (panel_bytes / 2),
                           a->groups + (p + c) * group_bytes, a->group_size, inputs8,
                           (int8_t *)(s + l.panels) + c * panel_bytes);
      }
      for (uint32_t i = 0; i < shared; i++) {
        const row_block b = block_of(first + i, blocks, a->rows);
        const uint8_t *rows = s + i * BLOCK_ROWS * stride;
        if (formats[i] == ROWS_SIGNED) {
          SET(multiply_i8)(a->wide ? 2 * b.count : b.count, count, rows, stride, weights,
                           panel_bytes, groups, sums);
        } else {
#if HAS_UNSIGNED
          SET(multiply_u8)(b.count, rows, stride, weights, groups, sums);
#endif
        }
        if (a->wide) {
          join_wide(a, b.count, p * 16, count, sums, steps[i]);
          SET(finish_floats)(does, a, b, p * 16, count, sums, NULL);
        } else {
          SET(finish_integers)(does, a, b, p * 16, count, sums, steps[i]);
        }
      }
    }
    for (uint32_t i = 0; i < shared; i++) finish_rows(a, block_of(first + i, blocks, a->rows));
  }
}

/* The fp32 product: each output is one chain of fused multiply-adds over k in order (11). */
INLINE void multiply_tile_float(const int mr, const int nb, const int half, const float *x,
                                size_t stride, const uint8_t *panels, uint32_t inputs,
                                float *result) {
  const size_t step = half ? 32 : 64;
  v16f sums[F32_ROWS][F32_PANELS];
  UNROLL for (int r = 0; r < mr; r++)
    UNROLL for (int c = 0; c < nb; c++) sums[r][c] = splat(0.0f);
  for (uint32_t k = 0; k < inputs; k++) {
    v16f w[F32_PANELS];
    UNROLL for (int c = 0; c < nb; c++) {
      const uint8_t *p = panels + ((size_t)c * inputs + k) * step;
      w[c] = half ? widen_half(p) : load16((const float *)p);
    }
    UNROLL for (int r = 0; r < mr; r++)
      UNROLL for (int c = 0; c < nb; c++)
        sums[r][c] = fma16(splat(x[r * stride + k]), w[c], sums[r][c]);
  }
  UNROLL for (int r = 0; r < mr; r++)
    UNROLL for (int c = 0; c < nb; c++) store16(result + r * TILE_COLUMNS + 16 * c, sums[r][c]);
}

/* sums[r][c] = `count` rows from `x` on times one panel [inputs][16] or F32_PANELS of them. */
#define MULTIPLY_FLOAT(name, half)                                                               \
  static NOINLINE void SET(name)(uint32_t count, uint32_t panels, const float *x, size_t stride, \
                                 const uint8_t *weights, uint32_t inputs, float *sums) {         \
    if (panels == F32_PANELS) {                                                                  \
      EACH_PART(count, F32_ROWS, TILE_ALL_##half)                                                \
    } else {                                                                                     \
      EACH_PART(count, F32_ROWS, TILE_ONE_##half)                                                \
    }                                                                                            \
  }
#define TILE(nb, half, b, mr)                                                                    \
  multiply_tile_float(mr, nb, half, x + b.first * stride, stride, weights, inputs,               \
                      sums + b.first * TILE_COLUMNS)
#define TILE_ALL_0(b, mr) TILE(F32_PANELS, 0, b, mr)
#define TILE_ONE_0(b, mr) TILE(1, 0, b, mr)
#define TILE_ALL_1(b, mr) TILE(F32_PANELS, 1, b, mr)
#define TILE_ONE_1(b, mr) TILE(1, 1, b, mr)
MULTIPLY_FLOAT(multiply_f32, 0)
MULTIPLY_FLOAT(multiply_f16, 1)
#undef TILE

INLINE void linear_float(const mbq_linear *a, const int half) {
  if (a->rows == 0) return;
  const uint32_t panels = (a->outputs + 15) / 16, does = epilogue_of(a);
  const uint32_t blocks = (a->rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const size_t panel_bytes = (size_t)a->inputs * (half ? 32 : 64);
  _Alignas(64) int32_t sums[BLOCK_ROWS * TILE_COLUMNS];
  for (uint32_t p = 0, count; p < panels; p += count) {
    count = p + F32_PANELS <= panels ? F32_PANELS : 1;
    const uint8_t *weights = (const uint8_t *)a->weights + p * panel_bytes;
    for (uint32_t i = 0; i < blocks; i++) {
      row_block b = block_of(i, blocks, a->rows);
      const float *x = a->input + b.first * a->input_stride;
      if (half) {
        SET(multiply_f16)(b.count, count, x, a->input_stride, weights, a->inputs, (float *)sums);
      } else {
        SET(multiply_f32)(b.count, count, x, a->input_stride, weights, a->inputs, (float *)sums);
      }
      SET(finish_floats)(does, a, b, p * 16, count, sums, NULL);
    }
  }
  for (uint32_t i = 0; i < blocks; i++) finish_rows(a, block_of(i, blocks, a->rows));
}

static void SET(linear_f32)(const mbq_linear *a) { linear_float(a, 0); }
static void SET(linear_f16)(const mbq_linear *a) { linear_float(a, 1); }
