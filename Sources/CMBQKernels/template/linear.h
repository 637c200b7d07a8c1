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

/* What follows the product, for columns n ..< n + 16 of row `r`: (4). */
INLINE void finish(const mbq_linear *a, uint32_t r, uint32_t n, v16f y) {
  if (a->bias) y = y + load16(a->bias + n);
  y = activate(y, a->activation);
  if (a->residual) y = y + load16(a->residual + r * a->residual_stride + n);
  if (a->norm == MBQ_NORM_NO_NORM) y = y * load16(a->gamma + n) + load16(a->beta + n);
  store16(a->output + r * a->output_stride + n, y);
}

INLINE void finish_rows(const mbq_linear *a, row_block b) {
  if (a->norm != MBQ_NORM_LAYER_NORM) return;
  for (uint32_t r = b.first; r < b.first + b.count; r++) {
    layer_norm_row(a->output + r * a->output_stride, a->outputs, a->gamma, a->beta, a->epsilon);
  }
}

/* Puts `count` floats on the grid and stores them as the set's dot product wants them. */
INLINE float quantize_row(const float *x, uint32_t count, uint8_t *destination) {
  v16i m = {0};
  for (uint32_t k = 0; k < count; k += 16) m = magnitude_max(m, load16(x + k));
  row_step step = row_step_of(max_lane(m));
  for (uint32_t k = 0; k < count; k += 16) {
    store_activations(destination + k * ACT_BYTES, on_grid(load16(x + k), step.inverse));
  }
  return step.scale;
}

/* (3): sums[r][c] += rows (mr of them, `stride` bytes apart) times panels (nb of them). */
INLINE void multiply_i8(const int mr, const int nb, const uint8_t *rows, size_t stride,
                        const int8_t *panels, size_t panel_bytes, uint32_t groups,
                        acc16 sums[][I8_PANELS]) {
  UNROLL for (int r = 0; r < mr; r++)
    UNROLL for (int c = 0; c < nb; c++) sums[r][c] = acc_zero();
  for (uint32_t g = 0; g < groups; g++) {
    weights16 w[I8_PANELS];
    UNROLL for (int c = 0; c < nb; c++) w[c] = load_weights(panels + c * panel_bytes + (size_t)g * 64);
    UNROLL for (int r = 0; r < mr; r++) {
      act4 x = load_act(rows + r * stride + (size_t)g * 4 * ACT_BYTES);
      UNROLL for (int c = 0; c < nb; c++) sums[r][c] = dot4(sums[r][c], x, w[c]);
    }
  }
}

INLINE void linear_tile_i8(const int mr, const int nb, const mbq_linear *a, uint32_t first,
                           uint32_t n, const uint8_t *rows, size_t stride, const float *steps) {
  const uint32_t groups = (a->inputs + 3) / 4;
  const size_t panel_bytes = (size_t)groups * 64;
  acc16 sums[I8_ROWS][I8_PANELS];
  multiply_i8(mr, nb, rows, stride, (const int8_t *)a->weights + (n / 16) * panel_bytes,
              panel_bytes, groups, sums);
  UNROLL for (int c = 0; c < nb; c++) {
    const uint32_t column = n + 16 * c;
    v16f scale = load16(a->scales + column);
    v16i correction = ACT_OFFSET ? *(const v16i *)(a->column_sums + column) : (v16i){0};
    UNROLL for (int r = 0; r < mr; r++) {
      v16f y = __builtin_convertvector(acc_value(sums[r][c]) - correction, v16f);
      finish(a, first + r, column, (y * scale) * steps[r]);
    }
  }
}

/* CALL(b.count) with a constant: rows that a set does not take at once leave no code behind. */
#define ROW_CASE(n, most, CALL)                                                                  \
  case n:                                                                                        \
    if (n <= most) {                                                                             \
      CALL(n);                                                                                   \
    }                                                                                            \
    break;
#define ROW_CASES(most, CALL)                                                                    \
  switch (b.count) {                                                                             \
  ROW_CASE(1, most, CALL)                                                                        \
  ROW_CASE(2, most, CALL)                                                                        \
  ROW_CASE(3, most, CALL)                                                                        \
  ROW_CASE(4, most, CALL)                                                                        \
  ROW_CASE(5, most, CALL)                                                                        \
  ROW_CASE(6, most, CALL)                                                                        \
  ROW_CASE(7, most, CALL)                                                                        \
  ROW_CASE(8, most, CALL)                                                                        \
  ROW_CASE(9, most, CALL)                                                                        \
  ROW_CASE(10, most, CALL)                                                                       \
  ROW_CASE(11, most, CALL)                                                                       \
  ROW_CASE(12, most, CALL)                                                                       \
  }

static void SET(linear_i8)(const mbq_linear *a) {
  if (a->rows == 0) return;
  const size_t stride = (size_t)(a->inputs + 15) / 16 * 16 * ACT_BYTES;
  uint8_t *rows = a->scratch;
  const uint32_t panels = (a->outputs + 15) / 16;
  const uint32_t blocks = (a->rows + I8_ROWS - 1) / I8_ROWS;
  for (uint32_t i = 0; i < blocks; i++) {
    row_block b = block_of(i, blocks, a->rows);
    float steps[I8_ROWS];
    for (uint32_t r = 0; r < b.count; r++) {
      steps[r] = quantize_row(a->input + (b.first + r) * a->input_stride, a->inputs,
                              rows + r * stride);
    }
    uint32_t p = 0;
    for (; p + I8_PANELS <= panels; p += I8_PANELS) {
#define TILE(mr) linear_tile_i8(mr, I8_PANELS, a, b.first, p * 16, rows, stride, steps)
      ROW_CASES(I8_ROWS, TILE)
#undef TILE
    }
    for (; p < panels; p++) {
#define TILE(mr) linear_tile_i8(mr, 1, a, b.first, p * 16, rows, stride, steps)
      ROW_CASES(I8_ROWS, TILE)
#undef TILE
    }
    finish_rows(a, b);
  }
}

/* The fp32 product: each output is one chain of fused multiply-adds over k in order (11). */
INLINE void linear_tile_float(const int mr, const int nb, const int half, const mbq_linear *a,
                              uint32_t first, uint32_t n) {
  const size_t size = half ? 2 : 4;
  const uint8_t *panel = (const uint8_t *)a->weights + (size_t)n * a->inputs * size;
  const float *x = a->input + first * a->input_stride;
  v16f sums[F32_ROWS][F32_PANELS];
  UNROLL for (int r = 0; r < mr; r++)
    UNROLL for (int c = 0; c < nb; c++) sums[r][c] = splat(0.0f);
  for (uint32_t k = 0; k < a->inputs; k++) {
    v16f w[F32_PANELS];
    UNROLL for (int c = 0; c < nb; c++) {
      const uint8_t *p = panel + ((size_t)c * a->inputs + k) * 16 * size;
      w[c] = half ? widen_half(p)
                  : load16((const float *)p);
    }
    UNROLL for (int r = 0; r < mr; r++)
      UNROLL for (int c = 0; c < nb; c++)
        sums[r][c] = fma16(splat(x[r * a->input_stride + k]), w[c], sums[r][c]);
  }
  UNROLL for (int c = 0; c < nb; c++)
    UNROLL for (int r = 0; r < mr; r++) finish(a, first + r, n + 16 * c, sums[r][c]);
}

INLINE void linear_float(const mbq_linear *a, const int half) {
  if (a->rows == 0) return;
  const uint32_t panels = (a->outputs + 15) / 16;
  const uint32_t blocks = (a->rows + F32_ROWS - 1) / F32_ROWS;
  for (uint32_t p = 0; p < panels; p += F32_PANELS) {
    const int whole = p + F32_PANELS <= panels;
    for (uint32_t i = 0; i < blocks; i++) {
      row_block b = block_of(i, blocks, a->rows);
      if (whole) {
#define TILE(mr) linear_tile_float(mr, F32_PANELS, half, a, b.first, p * 16)
        ROW_CASES(F32_ROWS, TILE)
#undef TILE
        continue;
      }
      for (uint32_t q = p; q < panels; q++) {
#define TILE(mr) linear_tile_float(mr, 1, half, a, b.first, q * 16)
        ROW_CASES(F32_ROWS, TILE)
#undef TILE
      }
    }
  }
  for (uint32_t i = 0; i < blocks; i++) finish_rows(a, block_of(i, blocks, a->rows));
}

static void SET(linear_f32)(const mbq_linear *a) { linear_float(a, 0); }
static void SET(linear_f16)(const mbq_linear *a) { linear_float(a, 1); }
