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
