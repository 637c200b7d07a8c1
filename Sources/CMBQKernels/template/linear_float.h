/* The products of fp32 and fp16 weights. */

/* The fp32 product: each output is one chain of fused multiply-adds over k in order (15). */
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

/* One body for both: which product is called is asked once a block. */
static NOINLINE void SET(linear_float)(const mbq_linear *a, int half) {
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

static void SET(linear_f32)(const mbq_linear *a) { SET(linear_float)(a, 0); }
static void SET(linear_f16)(const mbq_linear *a) { SET(linear_float)(a, 1); }
