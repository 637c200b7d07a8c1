/* The int8 product, of int8 weights and of levels that are widened to them. */

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

/* (6), (4) up to the step: `count` rows of two sums each become one row of floats. */
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

/* The scratch of a call, buffer by buffer. */
typedef struct {
  uint8_t *rows;        /* blocks of BLOCK_ROWS rows on the grid */
  size_t row_stride;    /* bytes */
  int8_t *widened;      /* I8_PANELS panels */
  float *smoothed;      /* one block of rows */
  size_t smoothed_stride;
} linear_buffers;

INLINE linear_buffers buffers_of(const mbq_linear *a, const mbq_linear_layout *l) {
  uint8_t *scratch = a->scratch;
  const size_t inputs16 = (size_t)(a->inputs + 15) / 16 * 16;
  return (linear_buffers){scratch + l->rows, inputs16 * ACT_BYTES, (int8_t *)(scratch + l->panels),
                          (float *)(scratch + l->smoothed), inputs16};
}

/* The weights of a call. */
typedef struct {
  uint32_t inputs;      /* with those that pad them */
  size_t panel_bytes;   /* of an int8 panel, widened if it must be */
  size_t stored_bytes;  /* of a panel as it is stored */
  size_t group_bytes;   /* of a panel */
} weight_sizes;

INLINE weight_sizes sizes_of(const mbq_linear *a) {
  const mbq_levels levels = a->levels;
  if (levels.group_size == 0) {
    const size_t bytes = (size_t)((a->inputs + 3) / 4) * 64;
    return (weight_sizes){a->inputs, bytes, bytes, 0};
  }
  const uint32_t together = level_columns(levels.bits);
  const uint32_t inputs = (a->inputs + together - 1) / together * together;
  const size_t groups = (a->inputs + levels.group_size - 1) / levels.group_size;
  return (weight_sizes){inputs, (size_t)inputs * 16, (size_t)inputs * 2 * levels.bits, groups * 16};
}

/* Panels `first` ..< `first + count` as int8: where they are, or widened. */
INLINE const int8_t *int8_panels(const mbq_linear *a, const weight_sizes *sizes, uint32_t first,
                                 uint32_t count, int8_t *widened) {
  const uint8_t *stored = (const uint8_t *)a->weights + first * sizes->stored_bytes;
  if (a->levels.group_size == 0) return (const int8_t *)stored;
  mbq_levels levels = a->levels;
  levels.groups += first * sizes->group_bytes;
  for (uint32_t c = 0; c < count; c++) {
    SET(widen_panel)(stored + c * sizes->stored_bytes, levels, sizes->inputs,
                     widened + c * sizes->panel_bytes);
    levels.groups += sizes->group_bytes;
  }
  return widened;
}

/* int8 weights: one block of rows at a time. Levels: as many blocks as share a widened panel. */
static void SET(linear_i8)(const mbq_linear *a) {
  if (a->rows == 0) return;
  const mbq_linear_layout l =
      mbq_linear_layout_of(a->inputs, a->levels.group_size != 0, a->smoothing != NULL);
  const linear_buffers buffers = buffers_of(a, &l);
  const weight_sizes sizes = sizes_of(a);
  const size_t block_bytes = BLOCK_ROWS * buffers.row_stride;
  _Alignas(64) int32_t sums[BLOCK_ROWS * TILE_COLUMNS];
  const uint32_t panels = (a->outputs + 15) / 16, fours = (a->inputs + 3) / 4;
  const uint32_t most = a->wide ? BLOCK_ROWS / 2 : BLOCK_ROWS;
  const uint32_t blocks = (a->rows + most - 1) / most, does = epilogue_of(a);
  for (uint32_t first = 0, shared; first < blocks; first += shared) {
    shared = blocks - first < l.blocks ? blocks - first : l.blocks;
    float steps[MBQ_SHARED_BLOCKS][BLOCK_ROWS];
    row_format formats[MBQ_SHARED_BLOCKS];
    for (uint32_t i = 0; i < shared; i++) {
      const row_block b = block_of(first + i, blocks, a->rows);
      const float *input = a->input + b.first * a->input_stride;
      size_t input_stride = a->input_stride;
      if (a->smoothing) {
        smooth(a, b, buffers.smoothed, buffers.smoothed_stride);
        input = buffers.smoothed;
        input_stride = buffers.smoothed_stride;
      }
      formats[i] = SET(quantize_rows)(input, input_stride, b.count, a->inputs,
                                      buffers.rows + i * block_bytes, buffers.row_stride, steps[i],
                                      HAS_UNSIGNED, a->step, a->wide);
    }
    for (uint32_t panel = 0, count; panel < panels; panel += count) {
      count = panel + I8_PANELS <= panels ? I8_PANELS : 1;
      const int8_t *weights = int8_panels(a, &sizes, panel, count, buffers.widened);
      for (uint32_t i = 0; i < shared; i++) {
        const row_block b = block_of(first + i, blocks, a->rows);
        const uint8_t *rows = buffers.rows + i * block_bytes;
        if (formats[i] == ROWS_SIGNED) {
          SET(multiply_i8)(a->wide ? 2 * b.count : b.count, count, rows, buffers.row_stride, weights,
                           sizes.panel_bytes, fours, sums);
        } else {
#if HAS_UNSIGNED
          SET(multiply_u8)(b.count, rows, buffers.row_stride, weights, fours, sums);
#endif
        }
        if (a->wide) {
          join_wide(a, b.count, panel * 16, count, sums, steps[i]);
          SET(finish_floats)(does, a, b, panel * 16, count, sums, NULL);
        } else {
          SET(finish_integers)(does, a, b, panel * 16, count, sums, steps[i]);
        }
      }
    }
    for (uint32_t i = 0; i < shared; i++) finish_rows(a, block_of(first + i, blocks, a->rows));
  }
}
